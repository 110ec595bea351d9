/** The benchmark's client against a server that writes bytes. */
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Connection, encodeRequest } from './client.ts';

/** Asks so many times in a row, on one connection. `answer` writes an answer, or ends the connection. */
async function ask(times: number, answer: (socket: Socket, request: string) => void) {
  let connections = 0;
  const requests: string[] = [];
  const server = createServer((socket) => {
    connections++;
    socket.on('data', (bytes) => {
      requests.push(String(bytes));
      answer(socket, String(bytes));
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const url = new URL(`http://127.0.0.1:${port}`);
  const connection = new Connection(url);
  const statuses: (number | string)[] = [];
  for (let i = 0; i < times; i++)
    statuses.push(await connection.ask(encodeRequest(url, { path: `/${i}` })).catch(({ message }) => message));
  connection.close();
  await new Promise((closed) => server.close(closed));
  return { statuses, requests, connections, port };
}

const chunked =
  'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n1a\r\n0\r\n\r\n4567890123456789012345\r\n0\r\n\r\n';
const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

test.each([
  ['with a length', sized, 200],
  ['in chunks', chunked, 201],
  ['without a body', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 404],
])('an answer %s is read to its end, whole and byte by byte', async (_, text, status) => {
  const whole = await ask(3, (socket) => socket.write(text));
  expect(whole).toMatchObject({ statuses: [status, status, status], connections: 1 });
  const inBytes = await ask(2, (socket) => {
    void (async () => {
      for (const byte of text) await new Promise<void>((sent) => socket.write(byte, () => setImmediate(sent)));
    })();
  });
  expect(inBytes).toMatchObject({ statuses: [status, status], connections: 1 });
});

test('a server that closes after each answer is asked on a new connection each time', async () => {
  const closing = sized.replace('OK\r\n', 'OK\r\nConnection: close\r\n');
  expect(await ask(3, (socket) => socket.end(closing))).toMatchObject({ statuses: [200, 200, 200], connections: 3 });
  const endless = 'HTTP/1.1 200 OK\r\n\r\nuntil the end';
  expect(await ask(2, (socket) => socket.end(endless))).toMatchObject({ statuses: [200, 200], connections: 2 });
});

test('an answer that breaks off is an error, and the next request is asked on a new connection', async () => {
  let asked = 0;
  const { statuses } = await ask(2, (socket) => (asked++ === 0 ? socket.end(sized.slice(0, -1)) : socket.write(sized)));
  expect(statuses).toEqual([expect.stringContaining('in the middle'), 200]);
});

test('requests are what HTTP/1.1 asks for', async () => {
  const { requests, port } = await ask(1, (socket) => socket.write(sized));
  expect(requests).toEqual([`GET /0 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`]);
  const post = encodeRequest(new URL('http://a'), { method: 'POST', path: '/x', headers: { A: 'b' }, body: 'é' });
  expect(String(post)).toBe('POST /x HTTP/1.1\r\nHost: a\r\nA: b\r\nContent-Length: 2\r\n\r\né');
});
