import type { ServerResponse } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { parseTrustedProxies } from '../../core/network/address.ts';
import { get, raw, startGate } from '../../testing/gate.ts';
import { maxOpenFiles, withinFileLimit } from './file-limit.ts';

const held: Socket[] = [];

afterEach(() => {
  for (const socket of held.splice(0)) socket.destroy();
});

/** A connection from a loopback address, which sends something or nothing. */
function hold(port: number, localAddress: string, bytes = ''): Socket {
  const socket = createConnection({ port, host: '127.0.0.1', localAddress }, () => socket.write(bytes));
  held.push(socket.on('error', () => {}).resume());
  return socket;
}

function statusFrom(port: number, localAddress: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = hold(port, localAddress, get('/'));
    socket.on('data', (chunk) => (text += String(chunk))).on('close', () => resolve(text.slice(0, 12)));
  });
}

test('idle connections of one address leave room for others, and make room for its own new ones', async () => {
  const { gate, port } = await startGate({ limits: { maxConnections: 40 } });
  for (let i = 0; i < 200; i++) hold(port, '127.0.0.1');
  const open = () => new Promise<number>((resolve) => gate.getConnections((_, count) => resolve(count)));
  await expect.poll(() => held.filter((socket) => socket.destroyed || socket.readyState === 'closed').length).toBe(180);
  expect(await open()).toBe(20);
  for (let i = 0; i < 10; i++) {
    expect(await statusFrom(port, '127.0.0.2')).toBe('HTTP/1.1 200');
    expect(await statusFrom(port, '127.0.0.1')).toBe('HTTP/1.1 200');
  }
});

test('connections with a request in progress are not closed for new ones', async () => {
  const waiting: ServerResponse[] = [];
  const { port } = await startGate({ limits: { maxConnections: 8 } }, (req, res) => {
    if (req.url === '/slow') waiting.push(res);
    else res.end('ok');
  });
  const slow = [1, 2, 3].map(() => raw(port, get('/slow')));
  await expect.poll(() => waiting.length).toBe(3);
  for (let i = 0; i < 30; i++) hold(port, '127.0.0.1');
  expect(await statusFrom(port, '127.0.0.1')).toBe('HTTP/1.1 200');
  for (const res of waiting) res.end('ok');
  for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
});

test('a trusted proxy has many clients: its connections count only in all', async () => {
  const { gate, port } = await startGate({
    limits: { maxConnections: 40 },
    trustedProxies: parseTrustedProxies('127.0.0.1'),
  });
  for (let i = 0; i < 38; i++) hold(port, '127.0.0.1');
  await expect.poll(() => new Promise((resolve) => gate.getConnections((_, count) => resolve(count)))).toBe(38);
});

test('one connection has one request in progress, whatever it sends ahead, and reads nothing meanwhile', async () => {
  const waiting: ServerResponse[] = [];
  const { port, seen } = await startGate({}, (_req, res) => void waiting.push(res));
  hold(port, '127.0.0.1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50));
  await expect.poll(() => waiting.length).toBe(1);
  await delay(50);
  expect(seen.length).toBe(1);
  waiting[0]?.end('ok');
  await expect.poll(() => waiting.length).toBe(2);
});

test('a client that sends thousands of requests ahead is cut off; others are served', async () => {
  const { port, seen } = await startGate();
  const flood = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_600);
  const silent = [1, 2, 3, 4].map(() => hold(port, '127.0.0.1', flood).pause());
  for (let i = 0; i < 10; i++) expect(await statusFrom(port, '127.0.0.2')).toBe('HTTP/1.1 200');
  for (const socket of silent) socket.resume();
  await expect.poll(() => silent.every((socket) => socket.destroyed)).toBe(true);
  expect(seen.length).toBeLessThan(4 * 200 + 10);
});

test('a body that is pipelined behind a request waits for its turn and is whole', async () => {
  const { port, seen } = await startGate();
  const post = (body: string) => `POST /${body} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const large = 'x'.repeat(30_000);
  const last = `POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: ${large.length}\r\n\r\n${large}`;
  let text = '';
  hold(port, '127.0.0.1', `${post('a')}${post('bc')}${last}${get('/end')}`).on(
    'data',
    (chunk) => (text += String(chunk)),
  );
  await expect.poll(() => text.match(/HTTP\/1\.1 \d+/g)).toEqual(Array(4).fill('HTTP/1.1 200'));
  expect(seen.map(({ body }) => body)).toEqual(['a', 'bc', large, '']);
});

test('a client that reads nothing of a long answer is cut off', async () => {
  const limits = { maxAnswerStallMs: 200 };
  const { gate, port } = await startGate({ limits }, (_req, res) => res.end('x'.repeat(20_000_000)));
  const cutOff = new Promise((resolve) => gate.once('connection', (socket: Socket) => socket.once('close', resolve)));
  hold(port, '127.0.0.1', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n').pause();
  await cutOff;
});

test('a client that reads nothing of many short answers is cut off', async () => {
  const limits = { maxAnswerStallMs: 200 };
  const body = 'x'.repeat(60_000);
  let answered = 0;
  const { gate, port } = await startGate({ limits }, (_req, res) => {
    answered++;
    res.setHeader('Content-Length', body.length).end(body);
  });
  const cutOff = new Promise((resolve) => gate.once('connection', (socket: Socket) => socket.once('close', resolve)));
  const client = hold(port, '127.0.0.1').pause();
  // Each asked when the last one was answered: who sends too many ahead is cut off for that.
  for (let asked = 0; asked === answered && asked < 1_000; asked++) {
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    for (let waits = 0; answered === asked && waits < 20; waits++) await delay(5);
  }
  expect(answered).toBeLessThan(1_000);
  await cutOff;
});

test('its limits fit below the limit on open files, which is the hard one', () => {
  expect(maxOpenFiles()).toBeGreaterThan(0);
  for (const files of [256, 1_024, 4_096, 1_048_576, Number.POSITIVE_INFINITY]) {
    const { maxConnections, maxUpstreamConnections } = withinFileLimit(files);
    expect(maxConnections).toBeGreaterThanOrEqual(16);
    if (files >= 1_024) expect(maxConnections + maxUpstreamConnections).toBeLessThan(files - 100);
  }
});
