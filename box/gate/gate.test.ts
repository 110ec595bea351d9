import type { ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { startGate } from '../../testing/gate.ts';
import { closeGate } from './gate.ts';

test('closing does not wait for a client that keeps an idle connection open', async () => {
  const held: ServerResponse[] = [];
  const { gate, port } = await startGate({ limits: { keepAliveMs: 600_000 } }, (_req, res) => void held.push(res));
  const client = createConnection(port, '127.0.0.1').on('error', () => {});
  client.resume().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => held.length).toBe(1);
  const closing = closeGate(gate, 600_000);
  held[0]?.end('ok');
  await closing;
});

test('closing lets pending requests finish, and cuts those that do not', async () => {
  const held = new Map<string | undefined, ServerResponse>();
  const { gate, url } = await startGate({}, (req, res) => void held.set(req.url, res));
  const soon = fetch(`${url}/soon`).then((res) => res.text());
  const never = fetch(`${url}/never`).then(
    () => 'answered',
    () => 'cut',
  );
  await expect.poll(() => held.size).toBe(2);
  const closing = closeGate(gate, 2_000);
  held.get('/soon')?.end('ok');
  expect(await soon).toBe('ok');
  await closing;
  expect(await never).toBe('cut');
});
