import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type BodyVector, bodyVectors, vectorLimits } from '../../core/network/body-vectors.ts';
import { raw, startGate } from '../../testing/gate.ts';

const post = 'POST / HTTP/1.1\r\nHost: a\r\n';

/** The request of a vector, byte for byte. */
function* pieces({ announced, chunks, ending }: BodyVector): Generator<string> {
  const frame = (bytes: number) =>
    announced === undefined ? `${bytes.toString(16)}\r\n${'a'.repeat(bytes)}\r\n` : 'a'.repeat(bytes);
  yield `${post}${announced === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${announced}`}\r\n\r\n`;
  for (const bytes of chunks) yield frame(bytes);
  if (ending === 'end' && announced === undefined) yield '0\r\n\r\n';
  while (ending === 'drip') yield frame(1);
}

test.each(bodyVectors)('$name', async (vector) => {
  const { port, seen } = await startGate({ limits: { ...vectorLimits, maxHeadersMs: 1_000, ...vector.limits } });
  const { status, error, text } = await raw(port, pieces(vector));
  const { answer } = vector;
  if (answer === undefined) {
    expect(status).toBe(200);
    expect(seen.map(({ body }) => body.length)).toEqual([vector.chunks.reduce((sum, bytes) => sum + bytes, 0)]);
    return;
  }
  expect({ status, error }).toEqual({ status: answer.status, error: answer.error });
  expect(text).toMatch(/\r\nContent-Type: application\/json\r\n/);
  expect(/\r\nRetry-After: (\d+)\r\n/.exec(text)?.[1]).toBe(answer.retryAfter);
  expect(text.split('\r\n\r\n')[1]).toBe(JSON.stringify({ error }));
  expect(seen).toEqual([]);
});

test('a body reaches the worker byte for byte, with its length', async () => {
  const { url, seen } = await startGate();
  const body = `{"api_key":"${'é\u0000'.repeat(1_000)}"}`;
  await fetch(url, { method: 'POST', body });
  expect(seen[0]).toMatchObject({ body, headers: { 'content-length': String(Buffer.byteLength(body)) } });
});

test('a chunked body reaches the worker whole, and a missing one as length 0', async () => {
  const { port, seen } = await startGate();
  const head = `${post}Connection: close\r\n`;
  await raw(port, [`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, '2\r\nde\r\n0\r\n\r\n']);
  await raw(port, `${head}\r\n`);
  expect(seen.map(({ body }) => body)).toEqual(['abcde', '']);
  expect(seen.map(({ headers }) => headers['content-length'])).toEqual(['5', '0']);
  expect(seen[0]?.headers['transfer-encoding']).toBeUndefined();
});

test('by default, exactly 1 MiB passes and one byte more is 413', async () => {
  const { url, seen } = await startGate();
  const send = (bytes: number) => fetch(url, { method: 'PUT', body: 'a'.repeat(bytes) });
  expect((await send(1 << 20)).status).toBe(200);
  const tooLarge = await send((1 << 20) + 1);
  expect(tooLarge.status).toBe(413);
  expect(await tooLarge.json()).toEqual({ error: 'The request body is too large. Send at most 1 MiB.' });
  expect(seen.length).toBe(1);
});

test('Expect: 100-continue is answered before the body, and replaced by 413 if the body is too large', async () => {
  const { port, seen } = await startGate();
  const head = `${post}Expect: 100-continue\r\n`;
  const small = await raw(port, [`${head}Content-Length: 2\r\nConnection: close\r\n\r\n`, 'ab']);
  expect(small.text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
  expect(seen[0]?.body).toBe('ab');
  const large = await raw(port, `${head}Content-Length: 5000000\r\n\r\n`);
  expect(large.status).toBe(413);
  const unsupported = await raw(port, `${post}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\nab`);
  expect(unsupported.status).toBe(417);
});

test('rejected bodies give their memory back', async () => {
  const { url, port } = await startGate({ limits: { maxBodyMemoryBytes: 1_000 } });
  expect((await raw(port, `${post}Content-Length: 1500\r\n\r\n${'a'.repeat(1_200)}`)).status).toBe(503);
  for (let i = 0; i < 5; i++) expect((await fetch(url, { method: 'POST', body: 'a'.repeat(900) })).status).toBe(200);
});

test('a client that disconnects in the middle of its body gives its memory back', async () => {
  const { gate, port, url, seen } = await startGate({ limits: { maxBodyMemoryBytes: 1_000 } });
  for (let i = 0; i < 3; i++) {
    const accepted = once(gate, 'connection') as Promise<[Socket]>;
    const client = createConnection(port, '127.0.0.1');
    client.write(`${post}Content-Length: 900\r\n\r\n${'a'.repeat(800)}`);
    const [connection] = await accepted;
    await expect.poll(() => connection.bytesRead).toBeGreaterThan(800);
    const closed = once(connection, 'close');
    client.destroy();
    await closed;
  }
  expect((await fetch(url, { method: 'POST', body: 'a'.repeat(900) })).status).toBe(200);
  expect(seen.length).toBe(1);
});
