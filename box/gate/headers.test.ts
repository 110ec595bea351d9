import { describe, expect, test } from 'vitest';
import { parseTrustedProxies } from '../../core/network/address.ts';
import { forwardedVectors, vectorProxies } from '../../core/network/forwarded-vectors.ts';
import { get, raw, type Seen, startGate } from '../../testing/gate.ts';

describe("the client's address", () => {
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

  test("a client's claims are dropped and the socket's address is set", async () => {
    const { port, seen } = await startGate();
    const { status } = await raw(
      port,
      `GET / HTTP/1.1\r\nHost: vault:5000\r\nConnection: close, X-Hop\r\n${spoofed}\r\n\r\n`,
    );
    expect(status).toBe(200);
    const names = (seen[0] as Seen).raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names)).toEqual(new Set(['cf-connecting-ip', 'connection', 'host', 'x-forwarded', 'x-kept']));
    expect(seen[0]?.headers).toMatchObject({ 'cf-connecting-ip': '127.0.0.1', host: 'vault:5000' });
  });

  test('the worker learns that a proxy has passed a request on, and no client can hide or forge that', async () => {
    const { port, seen } = await startGate();
    for (const said of [
      'X-Forwarded-For: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'X-Forwarded: no',
    ]) {
      await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x-forwarded\r\n${said}\r\n\r\n`);
    }
    expect(seen.map(({ headers }) => headers['x-forwarded'])).toEqual(['yes', 'yes', 'yes', undefined]);
  });

  test('a Connection header cannot remove headers that the worker decides by', async () => {
    const { port, seen } = await startGate();
    await raw(
      port,
      'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nConnection: close, authorization, cf-connecting-ip\r\n\r\n',
    );
    expect(seen[0]?.headers).toMatchObject({ authorization: 'x', 'cf-connecting-ip': '127.0.0.1' });
  });

  test.each(forwardedVectors)('behind a trusted proxy: $name', async ({ headers, means }) => {
    const { port, seen } = await startGate({ trustedProxies: parseTrustedProxies(vectorProxies) });
    await raw(port, get('/', headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')));
    const { raw: names = [], headers: got = {} } = seen[0] ?? {};
    expect(got['cf-connecting-ip']).toBe(means.address ?? '127.0.0.1');
    expect(got['x-forwarded-proto']).toBe(means.isOverTls ? 'https' : undefined);
    expect(got['x-forwarded-port']).toBe(means.port ?? undefined);
    expect(got.host).toBe(means.host ?? 'localhost');
    expect(names.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1);
    expect(Object.keys(got).filter((name) => /^forwarded|^x-forwarded-(?!proto|port)|^x-real/.test(name))).toEqual([]);
  });

  test('claims of a peer that is not a trusted proxy are ignored', async () => {
    const { port, seen } = await startGate({ trustedProxies: parseTrustedProxies('10.0.0.0/8') });
    await raw(port, get('/', 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n'));
    expect(seen[0]?.headers['cf-connecting-ip']).toBe('127.0.0.1');
    expect(seen[0]?.headers['x-forwarded-proto']).toBeUndefined();
  });
});

describe('limits', () => {
  test('16 KiB of headers pass, more are 431', async () => {
    const { port } = await startGate();
    expect((await raw(port, get('/', `X-A: ${'a'.repeat(15_000)}\r\n`))).status).toBe(200);
    expect((await raw(port, get('/', `X-A: ${'a'.repeat(17_000)}\r\n`))).status).toBe(431);
    expect((await raw(port, get('/', 'X-A: a\r\n'.repeat(2_500)))).status).toBe(431);
    expect(await raw(port, get('/', `X-A: ${'a'.repeat(400_000)}\r\n`))).toMatchObject({ status: 431 });
  });

  test('a token of 100 KB: 401', async () => {
    const { port, seen } = await startGate();
    const answered = await raw(port, get('/keys', `Authorization: Bearer ${'a'.repeat(100_000)}\r\n`));
    expect(answered).toMatchObject({ status: 401, error: expect.stringMatching(/token/) });
    expect(seen).toEqual([]);
  });

  test('a token of a usual size passes', async () => {
    const { port, seen } = await startGate();
    await raw(port, get('/keys', `Authorization: Bearer ${'a'.repeat(1_000)}\r\n`));
    expect(seen[0]?.headers.authorization?.length).toBe(1_007);
  });

  test('headers that arrive too slowly: 408', async () => {
    const { port } = await startGate({ limits: { maxHeadersMs: 300 } });
    const { status } = await raw(port, ['GET / HTTP/1.1\r\n', ...Array(60).fill('X-A: 1\r\n')]);
    expect(status).toBe(408);
  });
});
