import { expect, test } from 'vitest';
import { type BodyVector, bodyVectors, vectorLimits } from '../core/network/body-vectors.ts';
import { bodyReader } from './body.ts';

/** The request of a vector, as workerd would hand it over. */
const requestOf = ({ announced, chunks, ending }: BodyVector): Request => {
  let dripping: number | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const bytes of chunks) controller.enqueue(new Uint8Array(bytes));
      if (ending === 'end') controller.close();
      if (ending === 'drip') dripping = setInterval(() => controller.enqueue(new Uint8Array(1)), 20);
    },
    cancel: () => clearInterval(dripping),
  });
  const headers = new Headers(announced === undefined ? {} : { 'Content-Length': String(announced) });
  return new Request('http://vault/keys?a=b', { method: 'POST', headers, body });
};

test.each(bodyVectors)('$name', async (vector) => {
  const read = await bodyReader({ ...vectorLimits, ...vector.limits })(requestOf(vector));
  const { answer } = vector;
  if (answer === undefined) {
    if (!(read instanceof Request)) throw new Error(`${read.status} ${await read.text()}`);
    expect([read.method, read.url]).toEqual(['POST', 'http://vault/keys?a=b']);
    expect((await read.arrayBuffer()).byteLength).toBe(vector.chunks.reduce((sum, bytes) => sum + bytes, 0));
    return;
  }
  expect(read).toBeInstanceOf(Response);
  expect(read).toMatchObject({ status: answer.status });
  expect(await read.text()).toBe(JSON.stringify({ error: answer.error }));
  expect(read.headers.get('Content-Type')).toBe('application/json');
  expect(read.headers.get('Retry-After')).toBe(answer.retryAfter ?? null);
});

test('bodies share the memory, and give it back once they are read', async () => {
  const readBody = bodyReader({ ...vectorLimits, maxBodyStallMs: 10_000, maxRequestMs: 10_000 });
  const request = (body: ReadableStream | Uint8Array) => new Request('http://vault/', { method: 'POST', body });
  const large = new Uint8Array(60 * 1024);
  const { readable, writable } = new TransformStream<Uint8Array>();
  const writer = writable.getWriter();
  const slow = readBody(request(readable));
  await writer.write(large);
  expect(await readBody(request(large))).toMatchObject({ status: 503 });
  await writer.close();
  expect(await slow).toBeInstanceOf(Request);
  for (let i = 0; i < 3; i++) expect(await readBody(request(large))).toBeInstanceOf(Request);
});

test('a body that comes with GET is read and dropped', async () => {
  const { body, headers } = requestOf({ name: '', announced: 2, chunks: [2], ending: 'end' });
  const request = { url: 'http://vault/', method: 'GET', headers, body } as unknown as Request;
  const read = await bodyReader()(request);
  expect(read).toMatchObject({ method: 'GET', body: null });
});
