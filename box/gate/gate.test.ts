import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { parseTrustedProxies } from './client.ts';
import { closeGate, createGate, type GateOptions } from './gate.ts';

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  raw: string[];
  body: string;
}

const opened: Server[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(server: Server): Promise<number> {
  opened.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A gate before an upstream that records what reaches it, and answers `ok` unless told otherwise. */
async function gated(options: Partial<GateOptions> = {}, listener?: RequestListener) {
  const seen: Seen[] = [];
  const upstream = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { method = '', url = '', headers, rawHeaders: raw } = req;
    seen.push({ method, url, headers, raw, body: Buffer.concat(chunks).toString() });
    if (listener) listener(req, res);
    else res.setHeader('X-Up', '1').end('ok');
  });
  const address = { host: '127.0.0.1', port: await listening(upstream) };
  const gate = createGate({ upstream: () => address, ...options });
  const port = await listening(gate);
  return { seen, gate, upstream, port, url: `http://127.0.0.1:${port}` };
}

interface RawAnswer {
  text: string;
  status: number;
  error: string;
}

/** Writes bytes as they are, in pieces if given several, and reads until the server closes or `waitMs` pass. */
async function raw(port: number, pieces: string | string[], waitMs = 20_000): Promise<RawAnswer> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (/\r\n\r\n[\s\S]*\}\n$|\r\n\r\nok$/.test(text)) socket.end();
  });
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of [pieces].flat()) {
    socket.write(piece, 'latin1');
    if (Array.isArray(pieces)) await delay(10);
  }
  await Promise.race([closed, delay(waitMs, undefined, { ref: false })]);
  socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  const json = /\{"error":.*\}\n?$/.exec(text)?.[0];
  return { text, status, error: json ? JSON.parse(json).error : '' };
}

const get = (target: string, extra = '') =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${extra}\r\n`;

describe('paths', () => {
  test.each([
    ['/', '/'],
    ['/keys', '/keys'],
    ['/logs?user_name=a%20b&x=%', '/logs?user_name=a%20b&x=%'],
    ['/keys/a%2Fb', '/keys/a%2Fb'],
    ['/keys/100%25', '/keys/100%25'],
    ['/keys/%252F', '/keys/%252F'],
    ['/keys/%E2%9C%93', '/keys/%E2%9C%93'],
    ['/keys/a+b;c', '/keys/a+b;c'],
    ['/keys/a%3Fb%23c', '/keys/a%3Fb%23c'],
    ['/keys/__proto__', '/keys/__proto__'],
    ['/keys/__proto__/cdn-cgi', '/keys/__proto__/cdn-cgi'],
    ['/a/./b/../c', '/a/c'],
    ['/a/%2e%2E/c', '/c'],
    ['/a\\b', '/a/b'],
    ['/#x', '/'],
    ['http://localhost/keys?x=1', '/keys?x=1'],
    ['HTTP://u:p@other:9/keys', '/keys'],
  ])('%s reaches the worker as %s', async (target, expected) => {
    const { port, seen } = await gated();
    expect((await raw(port, get(target))).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual([expected]);
  });

  test.each([
    '/cdn-cgi/explorer',
    '/cdn-cgi',
    '/CDN-CGI/mf/scheduled',
    '/cdn-cgi/handler/scheduled?cron=*',
    '/./cdn-cgi/explorer',
    '/x/../cdn-cgi/explorer',
    '/x/%2e%2e/cdn-cgi/explorer',
    '/x/%252e%252e/cdn-cgi/explorer',
    '//cdn-cgi/explorer',
    '///cdn-cgi/explorer',
    '/\\cdn-cgi/explorer',
    '\\cdn-cgi/explorer',
    '/%63dn-cgi/explorer',
    '/%2563dn-cgi/explorer',
    '/%25252563dn-cgi/explorer',
    '/%43%44%4E%2D%43%47%49/explorer',
    '/%2Fcdn-cgi/explorer',
    '/%5Ccdn-cgi/explorer',
    '/%2e%2fcdn-cgi/explorer',
    '/cdn%09-cgi/explorer',
    '/cdn-cgi%2Fexplorer',
    '/__scheduled',
    '/%5F%5Fscheduled',
    '/./__cf_local/x',
    '//__x',
    `/${'%25'.repeat(1)}${'25'.repeat(40)}63dn-cgi`,
    'http://localhost/cdn-cgi/explorer',
    'http://localhost/x/..//%63dn-cgi/',
  ])('%s is not found, or not a path', async (target) => {
    const { port, seen } = await gated();
    const { status, error, text } = await raw(port, get(target));
    expect([404, 400]).toContain(status);
    expect(error).not.toBe('');
    expect(text).toMatch(/nosniff/);
    expect(text).toMatch(/no-store/);
    expect(seen).toEqual([]);
  });

  test.each(['*', 'keys', '/keys/\xe2\x9c\x93', 'ftp://localhost/', 'http://', '/keys/\xff', 'javascript:alert(1)'])(
    '%s is no path: 400',
    async (target) => {
      const { port, seen } = await gated();
      expect(await raw(port, get(target))).toMatchObject({ status: 400, error: expect.stringMatching(/./) });
      expect(seen).toEqual([]);
    },
  );

  test('a path beyond 16 KB: 414', async () => {
    const { port } = await gated();
    expect((await raw(port, get(`/${'a'.repeat(20_000)}`))).status).toBe(414);
  });
});

describe('who the caller is', () => {
  const spoofed = [
    'CF-Connecting-IP: 6.6.6.6',
    'cf-ray: x',
    'MF-Original-URL: http://h/keys/x',
    'MF-CF-Blob: {',
    'mf-anything: x',
    'Forwarded: for=6.6.6.6',
    'X-Forwarded-For: 6.6.6.6',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Proto: https',
    'X-Real-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'X-Original-URL: /users',
    'X-Rewrite-URL: /users',
    'Proxy-Authorization: Basic x',
    'Keep-Alive: timeout=9',
    'TE: trailers',
    'X-Kept: yes',
    'X-Hop: gone',
  ].join('\r\n');

  test("a client's claims are dropped and the socket's address set", async () => {
    const { port, seen } = await gated();
    const { status } = await raw(
      port,
      `GET / HTTP/1.1\r\nHost: vault:5000\r\nConnection: close, X-Hop\r\n${spoofed}\r\n\r\n`,
    );
    expect(status).toBe(200);
    const names = (seen[0] as Seen).raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names)).toEqual(new Set(['cf-connecting-ip', 'connection', 'host', 'x-kept']));
    expect(seen[0]?.headers).toMatchObject({ 'cf-connecting-ip': '127.0.0.1', host: 'vault:5000' });
  });

  test('a Connection header cannot drop what the worker decides by', async () => {
    const { port, seen } = await gated();
    await raw(
      port,
      'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nConnection: close, authorization, cf-connecting-ip\r\n\r\n',
    );
    expect(seen[0]?.headers).toMatchObject({ authorization: 'x', 'cf-connecting-ip': '127.0.0.1' });
  });

  test.each([
    ['6.6.6.6', '6.6.6.6'],
    ['6.6.6.6, 7.7.7.7', '7.7.7.7'],
    ['6.6.6.6, 10.1.2.3', '6.6.6.6'],
    ['10.0.0.1, 10.1.2.3', '10.0.0.1'],
    ['6.6.6.6, nonsense, 10.1.2.3', '10.1.2.3'],
    ['6.6.6.6:4711', '6.6.6.6'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:6.6.6.6', '6.6.6.6'],
    ['', '127.0.0.1'],
  ])('behind a trusted proxy, X-Forwarded-For: %s means %s', async (forwarded, expected) => {
    const { port, seen } = await gated({ trustedProxies: parseTrustedProxies('127.0.0.1, 10.0.0.0/8 ::1') });
    await raw(port, get('/', `X-Forwarded-For: ${forwarded}\r\nX-Forwarded-Proto: https\r\n`));
    expect(seen[0]?.headers).toMatchObject({ 'cf-connecting-ip': expected, 'x-forwarded-proto': 'https' });
  });

  test('several X-Forwarded-For lines are one list', async () => {
    const { port, seen } = await gated({ trustedProxies: parseTrustedProxies('127.0.0.1') });
    await raw(port, get('/', 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n'));
    expect(seen[0]?.headers['cf-connecting-ip']).toBe('7.7.7.7');
  });

  test('a peer that is not on the list is not believed', async () => {
    const { port, seen } = await gated({ trustedProxies: parseTrustedProxies('10.0.0.0/8') });
    await raw(port, get('/', 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n'));
    expect(seen[0]?.headers['cf-connecting-ip']).toBe('127.0.0.1');
    expect(seen[0]?.headers['x-forwarded-proto']).toBeUndefined();
  });

  test.each(['10.0.0.0/33', 'proxy', '10.0.0.1/', '::1/129', '1.2.3.4/8/8', '10.0.0.0/-1'])(
    'TRUSTED_PROXIES=%s is refused by name',
    (list) => expect(() => parseTrustedProxies(list)).toThrow(/TRUSTED_PROXIES/),
  );
});

describe('bodies', () => {
  test('are passed on byte for byte, with a length', async () => {
    const { url, seen } = await gated();
    const body = `{"api_key":"${'é\u0000'.repeat(1_000)}"}`;
    await fetch(url, { method: 'POST', body });
    expect(seen[0]).toMatchObject({ body, headers: { 'content-length': String(Buffer.byteLength(body)) } });
  });

  test('a chunked body arrives whole, and a missing one as length 0', async () => {
    const { port, seen } = await gated();
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
    await raw(port, [`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, '2\r\nde\r\n0\r\n\r\n']);
    await raw(port, `${head}\r\n`);
    expect(seen.map(({ body }) => body)).toEqual(['abcde', '']);
    expect(seen.map(({ headers }) => headers['content-length'])).toEqual(['5', '0']);
    expect(seen[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  test('exactly 1 MiB passes; a byte more is 413, whether announced or not', async () => {
    const { url, port, seen } = await gated();
    expect((await fetch(url, { method: 'PUT', body: 'a'.repeat(1 << 20) })).status).toBe(200);
    expect((await fetch(url, { method: 'PUT', body: 'a'.repeat((1 << 20) + 1) })).status).toBe(413);
    const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
    const chunked = ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', ...Array(17).fill(chunk)];
    expect((await raw(port, chunked)).status).toBe(413);
    expect(seen.length).toBe(1);
  });

  test('150 MB announced: 413 before a byte of it is read', async () => {
    const { port } = await gated();
    const { status } = await raw(port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${150e6}\r\n\r\n`);
    expect(status).toBe(413);
  });

  test('Expect: 100-continue is answered before the body, and a body too large instead of it', async () => {
    const { port, seen } = await gated();
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n';
    const small = await raw(port, [`${head}Content-Length: 2\r\nConnection: close\r\n\r\n`, 'ab']);
    expect(small.text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
    expect(seen[0]?.body).toBe('ab');
    const large = await raw(port, `${head}Content-Length: 5000000\r\n\r\n`);
    expect(large.status).toBe(413);
    const strange = await raw(port, 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\nContent-Length: 2\r\n\r\nab');
    expect(strange.status).toBe(417);
  });

  test('a body that stalls, or that never ends: 408', async () => {
    const { port, seen } = await gated({ limits: { bodyStallMs: 100, headersMs: 500, requestMs: 500 } });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n';
    const stalled = await raw(port, `${head}abc`);
    expect(stalled.status).toBe(408);
    const socket = createConnection(port, '127.0.0.1').on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(head);
    const drip = setInterval(() => socket.write('a'), 50);
    // Not by once(): a drop that comes after the answer is an error, and that may come.
    await new Promise((closed) => socket.once('close', closed));
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1.1 408/);
    expect(seen).toEqual([]);
  });

  test('more bodies at once than there is room for: 503, and room again afterwards', async () => {
    const { url, port } = await gated({ limits: { bodiesBytes: 1_000 } });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n';
    expect((await raw(port, head + 'a'.repeat(1_200))).status).toBe(503);
    for (let i = 0; i < 5; i++) expect((await fetch(url, { method: 'POST', body: 'a'.repeat(900) })).status).toBe(200);
  });

  test('a client that leaves in the middle of its body leaves nothing behind', async () => {
    const { gate, port, url, seen } = await gated({ limits: { bodiesBytes: 1_000 } });
    for (let i = 0; i < 3; i++) {
      const accepted = once(gate, 'connection') as Promise<[Socket]>;
      const client = createConnection(port, '127.0.0.1');
      client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n${'a'.repeat(800)}`);
      const [connection] = await accepted;
      await expect.poll(() => connection.bytesRead).toBeGreaterThan(800);
      const closed = once(connection, 'close');
      client.destroy();
      await closed;
    }
    expect((await fetch(url, { method: 'POST', body: 'a'.repeat(900) })).status).toBe(200);
    expect(seen.length).toBe(1);
  });
});

describe('headers', () => {
  test('16 KB of them pass, more are 431', async () => {
    const { port } = await gated();
    expect((await raw(port, get('/', `X-A: ${'a'.repeat(15_000)}\r\n`))).status).toBe(200);
    expect((await raw(port, get('/', `X-A: ${'a'.repeat(17_000)}\r\n`))).status).toBe(431);
    expect((await raw(port, get('/', 'X-A: a\r\n'.repeat(2_500)))).status).toBe(431);
    expect(await raw(port, get('/', `X-A: ${'a'.repeat(400_000)}\r\n`))).toMatchObject({ status: 431 });
  });

  test('a token of 100 KB is a wrong token: 401', async () => {
    const { port, seen } = await gated();
    const answered = await raw(port, get('/keys', `Authorization: Bearer ${'a'.repeat(100_000)}\r\n`));
    expect(answered).toMatchObject({ status: 401, error: expect.stringMatching(/token/) });
    expect(seen).toEqual([]);
  });

  test('a token of a usual size passes', async () => {
    const { port, seen } = await gated();
    await raw(port, get('/keys', `Authorization: Bearer ${'a'.repeat(1_000)}\r\n`));
    expect(seen[0]?.headers.authorization?.length).toBe(1_007);
  });

  test('headers that drip in: 408', async () => {
    const { port } = await gated({ limits: { headersMs: 300 } });
    const { status } = await raw(port, ['GET / HTTP/1.1\r\n', ...Array(60).fill('X-A: 1\r\n')]);
    expect(status).toBe(408);
  });
});

describe('requests that two readers could take apart differently', () => {
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
    const { port, seen } = await gated();
    const { status, error } = await raw(port, bytes);
    expect(status).toBe(400);
    expect(error).not.toBe('');
    expect(seen).toEqual([]);
  });

  test('a request hidden in a body stays a body', async () => {
    const { port, seen } = await gated();
    const hidden = 'GET /users HTTP/1.1\r\nHost: a\r\n\r\n';
    await raw(port, `${post}Connection: close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
    expect(seen).toMatchObject([{ method: 'POST', url: '/', body: hidden }]);
  });
});

describe('methods and protocols', () => {
  test.each(['TRACE / HTTP/1.1', 'CONNECT a:443 HTTP/1.1', 'PROPFIND / HTTP/1.1', 'PURGE / HTTP/1.1'])(
    '%s: 405 with Allow',
    async (line) => {
      const { port, seen } = await gated();
      const { status, text } = await raw(port, `${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(status).toBe(405);
      expect(text).toMatch(/Allow: GET, HEAD/);
      expect(seen).toEqual([]);
    },
  );

  test('an upgrade is refused, but an offer of HTTP/2 merely left', async () => {
    const { port, seen } = await gated();
    expect((await raw(port, get('/', 'Upgrade: websocket\r\n').replace('close', 'Upgrade'))).status).toBe(400);
    expect(seen).toEqual([]);
    expect((await raw(port, get('/', 'Upgrade: h2c\r\nHTTP2-Settings: x\r\n'))).status).toBe(200);
    expect(seen[0]?.headers.upgrade).toBeUndefined();
  });

  test('HTTP/1.0 works, without a Host too', async () => {
    const { port, seen } = await gated();
    expect((await raw(port, 'GET /keys HTTP/1.0\r\n\r\n')).status).toBe(200);
    expect(seen[0]?.headers.host).toBe('localhost');
  });

  test('every method, its status and its headers come through', async () => {
    const { url } = await gated({}, (req, res) => {
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

  test('requests on one connection are answered in order, refused ones among them', async () => {
    const { port } = await gated();
    const pipelined = `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /cdn-cgi HTTP/1.1\r\nHost: a\r\n\r\n${get('/3')}`;
    const { text } = await raw(port, pipelined);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });
});

describe('a worker that fails', () => {
  test('is not running: 503 with Retry-After, by either sign', async () => {
    const gone = createServer();
    const port = await listening(gone);
    await new Promise((resolve) => gone.close(resolve));
    for (const upstream of [() => undefined, () => ({ host: '127.0.0.1', port })]) {
      const { url } = await gated({ upstream });
      const res = await fetch(`${url}/health`);
      expect(res.status).toBe(503);
      expect(res.headers.get('retry-after')).toBe('2');
      expect(await res.json()).toMatchObject({ error: expect.stringMatching(/starting/) });
    }
  });

  test('does not answer: 504', async () => {
    const { url } = await gated({ limits: { upstreamMs: 100 } }, () => {});
    const res = await fetch(url);
    expect(res.status).toBe(504);
    expect(await res.json()).toMatchObject({ error: expect.any(String) });
  });

  test('breaks off before it answers: 502 for a change, which is not repeated', async () => {
    const { url, seen } = await gated({}, (req) => req.socket.destroy());
    const res = await fetch(url, { method: 'POST', body: '{}' });
    expect(res.status).toBe(502);
    expect(seen.length).toBe(1);
  });

  test('drops a kept connection: reading is tried once more', async () => {
    let dropped = false;
    const { url, seen } = await gated({}, (req, res) => {
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

  test('breaks off in the middle of its answer: so do we', async () => {
    const { url } = await gated({}, (req, res) => {
      res.writeHead(200, { 'Content-Length': 100 }).write('abc');
      setTimeout(() => req.socket.destroy(), 20);
    });
    await expect(fetch(url).then((res) => res.text())).rejects.toThrow();
  });

  test('hears of a client that left', async () => {
    const client = new AbortController();
    let left = false;
    const { url } = await gated({}, (_req, res) => {
      res.once('close', () => {
        left = true;
      });
      client.abort();
    });
    await expect(fetch(url, { signal: client.signal })).rejects.toThrow();
    await expect.poll(() => left).toBe(true);
  });

  test('gets no more at once than it is meant to: 503', async () => {
    const held: ServerResponse[] = [];
    const { url } = await gated({ limits: { inFlight: 2 } }, (_req, res) => void held.push(res));
    const status = () => fetch(url).then((res) => res.status);
    const first = [status(), status()];
    await expect.poll(() => held.length).toBe(2);
    expect(await Promise.all([status(), status()])).toEqual([503, 503]);
    for (const each of held) each.end('ok');
    expect(await Promise.all(first)).toEqual([200, 200]);
    const next = status();
    await expect.poll(() => held.length).toBe(3);
    held[2]?.end('ok');
    expect(await next).toBe(200);
  });
});

test('closing does not wait for a client that keeps its connection after its answer', async () => {
  const held: ServerResponse[] = [];
  const { gate, port } = await gated({ limits: { keepAliveMs: 600_000 } }, (_req, res) => void held.push(res));
  const client = createConnection(port, '127.0.0.1').on('error', () => {});
  client.resume().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => held.length).toBe(1);
  const closing = closeGate(gate, 600_000);
  held[0]?.end('ok');
  await closing;
});

test('closing lets requests under way finish, and cuts those that do not', async () => {
  const held = new Map<string | undefined, ServerResponse>();
  const { gate, url } = await gated({}, (req, res) => void held.set(req.url, res));
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
