import { createServer, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { listening, startGate } from '../../testing/gate.ts';

test('503 with Retry-After while the worker is not running or refuses connections', async () => {
  const gone = createServer();
  const port = await listening(gone);
  await new Promise((resolve) => gone.close(resolve));
  for (const upstream of [() => undefined, () => ({ host: '127.0.0.1', port })]) {
    const { url } = await startGate({ upstream });
    const res = await fetch(`${url}/health`);
    expect(res.status).toBe(503);
    expect(res.headers.get('retry-after')).toBe('2');
    expect(await res.json()).toMatchObject({ error: expect.stringMatching(/starting/) });
  }
});

test('504 if the worker does not answer in time', async () => {
  const { url } = await startGate({ limits: { maxUpstreamMs: 100 } }, () => {});
  const res = await fetch(url);
  expect(res.status).toBe(504);
  expect(await res.json()).toMatchObject({ error: expect.any(String) });
});

test('502 if the connection breaks before an answer to a change, which is not repeated', async () => {
  const { url, seen } = await startGate({}, (req) => req.socket.destroy());
  const res = await fetch(url, { method: 'POST', body: '{}' });
  expect(res.status).toBe(502);
  expect(seen.length).toBe(1);
});

test('a read is repeated once if the worker closes a reused connection', async () => {
  let dropped = false;
  const { url, seen } = await startGate({}, (req, res) => {
    if (req.url !== '/drop' || dropped) res.end('ok');
    else {
      dropped = true;
      void req.socket.destroy();
    }
  });
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(`${url}/drop`)).status).toBe(200);
  expect(seen.map((each) => each.url)).toEqual(['/', '/drop', '/drop']);
});

test("the client's connection breaks if the worker's breaks in the middle of an answer", async () => {
  const { url } = await startGate({}, (req, res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('abc');
    setTimeout(() => req.socket.destroy(), 20);
  });
  await expect(fetch(url).then((res) => res.text())).rejects.toThrow();
});

test("the worker's connection closes when the client disconnects", async () => {
  const client = new AbortController();
  let left = false;
  const { url } = await startGate({}, (_req, res) => {
    res.once('close', () => {
      left = true;
    });
    client.abort();
  });
  await expect(fetch(url, { signal: client.signal })).rejects.toThrow();
  await expect.poll(() => left).toBe(true);
});

test('429 beyond half of maxRequestsInFlight for one client, until its requests have ended', async () => {
  const held: ServerResponse[] = [];
  const { url } = await startGate({ limits: { maxRequestsInFlight: 4 } }, (_req, res) => void held.push(res));
  const status = () => fetch(url).then((res) => res.status);
  const first = [status(), status()];
  await expect.poll(() => held.length).toBe(2);
  expect(await Promise.all([status(), status()])).toEqual([429, 429]);
  for (const each of held) each.end('ok');
  expect(await Promise.all(first)).toEqual([200, 200]);
  const next = status();
  await expect.poll(() => held.length).toBe(3);
  held[2]?.end('ok');
  expect(await next).toBe(200);
});
