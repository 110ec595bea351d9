import { expect, test } from 'vitest';
import { maxJsonBytes } from '../../core/limits.ts';
import { bodyOf, discardBody } from './body.ts';

const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  new Request('http://vault/', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });

/** A body in chunks, whose length is not announced. */
const chunked = (...chunks: (string | Uint8Array)[]) =>
  new ReadableStream({
    start(controller) {
      const encoder = new TextEncoder();
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });

test.each(['application/json', 'Application/JSON; charset=utf-8', 'application/merge-patch+json'])(
  'reads JSON sent as %s',
  async (type) => {
    expect(await bodyOf(post('{"a":"é"}', { 'Content-Type': type }))).toEqual({ json: { a: 'é' } });
    expect(await bodyOf(post(chunked('{"a":', '"é"}'), { 'Content-Type': type }))).toEqual({ json: { a: 'é' } });
  },
);

test.each(['text/plain', 'application/x-www-form-urlencoded', ''])('a body sent as "%s": 415', async (type) => {
  expect(await bodyOf(post('{}', { 'Content-Type': type }))).toMatchObject({ status: 415 });
});

test.each(['', '{', 'null x', '{"a":1}{'])('%j is not JSON: 400', async (text) => {
  expect(await bodyOf(post(text))).toMatchObject({ status: 400 });
});

test('a body that is not UTF-8: 400', async () => {
  expect(await bodyOf(post(Uint8Array.of(0x22, 0xff, 0x22)))).toMatchObject({ status: 400 });
});

test('exactly maxJsonBytes are parsed, one byte more is 413, announced or not', async () => {
  const json = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`;
  expect(await bodyOf(post(json(maxJsonBytes)))).toHaveProperty('json');
  const tooLarge = { status: 413, error: 'The request body is too large. Send at most 512 KiB.' };
  expect(await bodyOf(post(json(maxJsonBytes + 1)))).toEqual(tooLarge);
  expect(await bodyOf(post(chunked(json(maxJsonBytes), ' ')))).toEqual(tooLarge);
  expect(await bodyOf(post('{}', { 'Content-Length': String(maxJsonBytes + 1) }))).toEqual(tooLarge);
});

test('an unread body is drained, and a read one left alone', async () => {
  const unread = post(chunked('a', 'b'));
  await discardBody(unread);
  expect(unread.bodyUsed).toBe(true);
  const read = post('{}');
  await read.text();
  await discardBody(read);
  await discardBody(new Request('http://vault/'));
});
