import { describe, expect, test } from 'vitest';
import { malformedRequests, unusualRequests } from '../../core/network/request-vectors.ts';
import { get, raw, startGate } from '../../testing/gate.ts';

describe('requests that two readers could parse differently are rejected', () => {
  test.each(malformedRequests)('%s: 400', async (_name, bytes) => {
    const { port, seen } = await startGate();
    const { status, error } = await raw(port, Buffer.from(bytes, 'utf8').toString('latin1'));
    expect(status).toBe(400);
    expect(error).not.toBe('');
    expect(seen).toEqual([]);
  });

  test.each(unusualRequests)('%s: passed on', async (_name, bytes) => {
    const { port, seen } = await startGate();
    expect((await raw(port, bytes)).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual(['/health/live']);
  });

  test('a request hidden in a body stays a body', async () => {
    const { port, seen } = await startGate();
    const hidden = 'GET /users HTTP/1.1\r\nHost: a\r\n\r\n';
    await raw(
      port,
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    );
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
