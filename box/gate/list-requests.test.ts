import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parseTrustedProxies } from '../../core/network/address.ts';
import { listVectors } from '../../core/network/list-vectors.ts';
import { get, raw, startGate } from '../../testing/gate.ts';

const target = '/v1/secret/metadata/shop/';
function list(headers = ''): string {
  return `LIST ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

/** Sends pieces as packets of their own, and reads until the gate ends the connection. */
async function send(port: number, pieces: readonly string[]): Promise<string> {
  const socket = createConnection(port, '127.0.0.1').setNoDelay(true);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    if (pieces.length > 1) await delay(pieces.length > 20 ? 1 : 30);
  }
  await Promise.race([closed, delay(5_000, undefined, { ref: false })]);
  socket.destroy();
  return text;
}

function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

describe('a LIST', () => {
  test.each(listVectors)('$name', async ({ pieces, gate, ...expected }) => {
    const { asked, status } = gate ?? expected;
    const { port, seen } = await startGate();
    const text = await send(port, pieces);
    expect(seen.map(({ url }) => url)).toEqual(asked);
    expect(statuses(text).at(-1)).toBe(status);
    expect(statuses(text)).toHaveLength(Math.max(asked.length, 1));
    for (const { method, body } of seen) if (method === 'GET') expect(body).toBe('');
  });

  test('is answered whole, and ends its connection', async () => {
    const { port } = await startGate({}, (_req, res) => res.setHeader('X-Up', '1').end('x'.repeat(300_000)));
    const text = await send(port, [list()]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/\r\nX-Up: 1\r\n/i);
    expect(text).toMatch(/\r\nConnection: close\r\n/);
    expect(text.match(/x{300000}$/)).not.toBeNull();
  });

  test('reaches the worker with the headers of any other request, and none that only the gate may say', async () => {
    const { port, seen } = await startGate({ trustedProxies: parseTrustedProxies('127.0.0.1') });
    const headers =
      'X-Vault-Token: ks_x\r\nX-Forwarded-For: 203.0.113.9\r\nCF-Connecting-IP: 9.9.9.9\r\nMF-Original-URL: /x\r\nConnection: X-Drop\r\nX-Drop: 1\r\nX-Blank: \t a \t\r\n';
    await raw(port, list(headers));
    await raw(port, get(`${target}?list=true`, headers));
    const [first, second] = seen.map(({ method, url, raw }) => ({ method, url, raw }));
    expect(first).toEqual(second);
    expect(seen[0]?.headers).toMatchObject({
      'x-vault-token': 'ks_x',
      'cf-connecting-ip': '203.0.113.9',
      'x-blank': 'a',
    });
    expect(seen[0]?.headers).not.toHaveProperty('x-drop');
    expect(seen[0]?.headers).not.toHaveProperty('mf-original-url');
  });

  test('waits for the answers to the requests before it, and is answered after them', async () => {
    const { port, seen } = await startGate({}, async (req, res) => {
      if (req.url === '/slow') await delay(200);
      res.end(req.url);
    });
    const text = await send(port, [`GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n${list()}`]);
    expect(seen.map(({ url }) => url)).toEqual(['/slow', '/b', `${target}?list=true`]);
    expect(text.indexOf('/slow')).toBeLessThan(text.indexOf('\r\n\r\n/b'));
    expect(text.indexOf('\r\n\r\n/b')).toBeLessThan(text.indexOf(`${target}?list=true`));
  });

  test('whose head does not end is answered with 408', async () => {
    const { port, seen } = await startGate({ limits: { maxHeadersMs: 500 } });
    const text = await send(port, [list().slice(0, -2)]);
    expect([statuses(text), seen]).toEqual([[408], []]);
  });

  test('that the worker takes long for is not cut off by the time limit on heads', async () => {
    const { port } = await startGate({ limits: { maxHeadersMs: 300 } }, async (_req, res) => {
      await delay(1_500);
      res.end('late');
    });
    expect(await send(port, [list()])).toMatch(/200 OK[\s\S]*late$/);
  });

  test('that is followed by a flood is answered, and the flood is dropped', async () => {
    const { port, seen } = await startGate({}, async (_req, res) => {
      await delay(200);
      res.end('ok');
    });
    const text = await send(port, [list(), 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5_000)]);
    expect(statuses(text)).toEqual([200]);
    expect(seen.map(({ url }) => url)).toEqual([`${target}?list=true`]);
  });

  test('whose client leaves frees its place', async () => {
    const { gate, port, seen } = await startGate({}, () => {});
    const socket = createConnection(port, '127.0.0.1', () => socket.write(list()));
    await expect.poll(() => seen.length).toBe(1);
    socket.destroy();
    await expect.poll(() => new Promise((resolve) => gate.getConnections((_, open) => resolve(open)))).toBe(0);
    expect(statuses(await send((gate.address() as { port: number }).port, [get('/cdn-cgi')]))).toEqual([404]);
  });

  test('whose first letters come alone is refused, since nobody knows then where it began', async () => {
    const { port, seen } = await startGate();
    for (const split of [1, 2]) {
      const text = await send(port, [list().slice(0, split), list().slice(split)]);
      expect(statuses(text)).toEqual([400]);
    }
    expect(seen).toEqual([]);
  });
});
