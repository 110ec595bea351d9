import { describe, expect, test } from 'vitest';
import { get, raw, startGate } from '../../testing/gate.ts';

describe('requests that two readers could parse differently are rejected', () => {
  const post = 'POST / HTTP/1.1\r\nHost: a\r\n';
  test.each([
    ['length and chunked', `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunked and length', `${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    ['the same length twice', `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`],
    ['a length with a sign', `${post}Content-Length: +3\r\n\r\nabc`],
    ['a hexadecimal length', `${post}Content-Length: 0x3\r\n\r\nabc`],
    ['a length that is a list', `${post}Content-Length: 3, 3\r\n\r\nabc`],
    ['an enormous length', `${post}Content-Length: 99999999999999999999\r\n\r\n`],
    ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['gzip, chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunked, identity', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a misspelt chunked', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a folded header', `${post}X-A: a\r\n b: c\r\n\r\n`],
    ['a bad chunk size', `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['a bare LF', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a NUL in a header', `${post}X-A: a\0b\r\n\r\n`],
    ['no version', 'GET /\r\n\r\n'],
    ['another version', 'GET / HTTP/3.7\r\nHost: a\r\n\r\n'],
    ['no method', ' / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['noise', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n'],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'],
    ['a Host with markup', 'GET / HTTP/1.1\r\nHost: <b>\r\n\r\n'],
  ])('%s: 400', async (_name, bytes) => {
    const { port, seen } = await startGate();
    const { status, error } = await raw(port, bytes);
    expect(status).toBe(400);
    expect(error).not.toBe('');
    expect(seen).toEqual([]);
  });

  test('a request hidden in a body stays a body', async () => {
    const { port, seen } = await startGate();
    const hidden = 'GET /users HTTP/1.1\r\nHost: a\r\n\r\n';
    await raw(port, `${post}Connection: close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
    expect(seen).toMatchObject([{ method: 'POST', url: '/', body: hidden }]);
  });
});

describe('methods and protocols', () => {
  test.each(['TRACE / HTTP/1.1', 'CONNECT a:443 HTTP/1.1', 'PROPFIND / HTTP/1.1', 'PURGE / HTTP/1.1'])(
    '%s: 405 with Allow',
    async (line) => {
      const { port, seen } = await startGate();
      const { status, text } = await raw(port, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(status).toBe(405);
      expect(text).toMatch(/Allow: GET, HEAD/);
      expect(seen).toEqual([]);
    },
  );

  test('an upgrade is rejected, but an offer of HTTP/2 is only ignored', async () => {
    const { port, seen } = await startGate();
    expect((await raw(port, get('/', 'Upgrade: websocket\r\n').replace('close', 'Upgrade'))).status).toBe(400);
    expect(seen).toEqual([]);
    expect((await raw(port, get('/', 'Upgrade: h2c\r\nHTTP2-Settings: x\r\n'))).status).toBe(200);
    expect(seen[0]?.headers.upgrade).toBeUndefined();
  });

  test('HTTP/1.0 works, also without a Host', async () => {
    const { port, seen } = await startGate();
    expect((await raw(port, 'GET /keys HTTP/1.0\r\n\r\n')).status).toBe(200);
    expect(seen[0]?.headers.host).toBe('localhost');
  });

  test('the worker sees every supported method, and the client its status and headers', async () => {
    const { url } = await startGate({}, (req, res) => {
      res.writeHead(req.method === 'DELETE' ? 204 : 201, [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-Up',
        'é'.normalize(),
      ]);
      res.end(req.method === 'DELETE' ? undefined : req.method);
    });
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'OPTIONS']) {
      const res = await fetch(url, { method });
      expect([res.status, await res.text(), res.headers.getSetCookie()]).toEqual([201, method, ['a=1', 'b=2']]);
    }
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
    expect(await (await fetch(url, { method: 'HEAD' })).text()).toBe('');
  });

  test('pipelined requests are answered in order, including rejected ones', async () => {
    const { port } = await startGate();
    const pipelined = `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /cdn-cgi HTTP/1.1\r\nHost: a\r\n\r\n${get('/3')}`;
    const { text } = await raw(port, pipelined);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });
});
