import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

/** The real thing from outside: launcher, gate, wrangler, worker, SQLite file. */

let vault: RunningVault;
let admin: string;
let user: string;

beforeAll(async () => {
  vault = await startVault();
  admin = await signIn(vault.url, 'admin', 'admin123');
  user = await signIn(vault.url, 'user', 'user123');
});

afterAll(() => vault?.dispose());

/** Writes bytes as they are: what no client would send. */
const raw = (lines: string): Promise<string> =>
  new Promise((answered, failed) => {
    const { hostname, port } = new URL(vault.url);
    const socket = connect(Number(port), hostname, () => socket.write(lines));
    let answer = '';
    socket.setTimeout(20_000, () => socket.destroy());
    socket
      .on('data', (chunk) => (answer += chunk))
      .on('close', () => answered(answer))
      .on('error', failed);
  });

const get = (target: string, headers = '') =>
  raw(`GET ${target} HTTP/1.1\r\nHost: vault\r\n${headers}Connection: close\r\n\r\n`);

test('says where to go and how to sign in, and no secret', () => {
  const keys =
    readFileSync(vault.envFile, 'utf8')
      .match(/=(.+)/g)
      ?.map((line) => line.slice(1)) ?? [];
  expect(keys).toHaveLength(2);
  expect(vault.output()).toContain('admin / admin123');
  for (const key of keys) expect(vault.output()).not.toContain(key);
  expect(statSync(vault.envFile).mode & 0o777).toBe(0o600);
  expect(statSync(vault.dataFolder).mode & 0o777).toBe(0o700);
});

test('serves the page with its headers', async () => {
  const response = await fetch(vault.url);
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toContain('text/html');
  expect(response.headers.get('Content-Security-Policy')).toContain("script-src 'self'");
});

test.each([
  '/cdn-cgi/explorer',
  '/cdn-cgi/local/explorer/api/d1',
  '/./cdn-cgi/explorer',
  '//cdn-cgi/explorer',
  '/%63dn-cgi/explorer',
  '/CDN-CGI/handler/scheduled',
  '/x/../cdn-cgi/mf/scheduled',
  '/\\cdn-cgi/explorer',
  '/cdn-cgi%2Fexplorer',
  '/%2e/cdn-cgi/explorer',
  '/.env',
  '/.dev.vars',
  '/wrangler.toml',
  '/package.json',
  '/worker/index.ts',
  '/../.env',
  '/..%2f.env',
  '/%2e%2e/%2e%2e/.env',
  '/assets/../../.env',
  '/index.js',
  '/data/vault.lock',
  '/__wrangler',
  '/%5c..%5c.env',
])('%s: 404, in JSON', async (target) => {
  const answer = await get(target);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).toContain('{"error":');
});

test('headers that try to say where a request comes from or goes to are ignored', async () => {
  const forged = [
    'CF-Connecting-IP: 6.6.6.6',
    'X-Forwarded-For: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
    'True-Client-IP: 6.6.6.6',
    'MF-Original-URL: http://vault/keys',
    'MF-CF-Blob: {',
    `Authorization: Bearer ${user}`,
  ].map((line) => `${line}\r\n`);
  expect(await get('/auth/session', forged.join(''))).toMatch(/^HTTP\/1\.1 200 .*"user":"user"/s);
  const { body } = await ask<{ logs: { ip_address: string }[] }>(vault.url, 'GET', '/logs?limit=1', { token: user });
  expect(body.logs[0]?.ip_address).toBe('127.0.0.1');
});

test('a token of 100 KB: 401', async () => {
  expect((await ask(vault.url, 'GET', '/keys', { token: 'a'.repeat(100_000) })).status).toBe(401);
});

test.each([
  ['5 million levels', '['.repeat(5_000_000)],
  ['500,000 keys', `{${Array.from({ length: 500_000 }, (_, i) => `"k${i}":1`).join()}}`],
])('%s: 413, and the vault goes on', async (_, body) => {
  const headers = { Authorization: `Bearer ${user}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${vault.url}/keys`, { method: 'POST', headers, body }).catch(() => undefined);
  expect([413, undefined]).toContain(response?.status);
  expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
});

test('a body without end: 413', async () => {
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(40);
  const answer = await raw(
    `POST /keys HTTP/1.1\r\nHost: vault\r\nAuthorization: Bearer ${user}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test.each([
  ['GET', 'Content-Length: 0\r\n\r\n'],
  ['GET', 'Content-Length: 5\r\n\r\nhello'],
  ['HEAD', 'Content-Length: 2\r\n\r\n{}'],
])('a %s that has a body is answered as one without', async (method, rest) => {
  const answer = await raw(
    `${method} /auth/session HTTP/1.1\r\nHost: vault\r\nAuthorization: Bearer ${user}\r\nConnection: close\r\n${rest}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test('many large bodies to a page: the server stays', async () => {
  for (let i = 0; i < 8; i++) {
    const response = await fetch(`${vault.url}/index.html`, { method: 'POST', body: 'x'.repeat(20_000) });
    expect([404, 405]).toContain(response.status);
  }
  expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
});

test('a list is compressed for those who ask, and plain for those who do not', async () => {
  const headers = { Authorization: `Bearer ${user}`, 'Accept-Encoding': 'gzip' };
  const response = await fetch(`${vault.url}/keys`, { headers });
  expect(response.headers.get('Content-Encoding')).toBe('gzip');
  expect(await response.json()).toHaveProperty('keys');
  const unasked = await get('/keys', `Authorization: Bearer ${user}\r\n`);
  expect(unasked).toMatch(/\{"keys":\[.*\]\}/s);
  expect(await get('/')).toContain('<!doctype html>');
});

test('200 sign-ins at once are answered, and /health waits for a few of them at most', async () => {
  let pending = true;
  let compared = 0;
  const comparedMeanwhile: number[] = [];
  const attempts = Array.from({ length: 200 }, async (_, i) => {
    const body = { username: `flood${i}`, password: 'wrong' };
    const { status } = await ask(vault.url, 'POST', '/auth/login', { body });
    if (status === 401) compared += 1;
    return status;
  });
  const flood = Promise.all(attempts).finally(() => {
    pending = false;
  });
  while (pending) {
    const before = compared;
    expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
    comparedMeanwhile.push(compared - before);
  }
  const statuses = await flood;
  expect(compared).toBeLessThanOrEqual(20);
  // In most cases, for we may be kept waiting ourselves. On a busy machine each step of an answer may wait for one.
  expect(comparedMeanwhile.toSorted((a, b) => a - b)[comparedMeanwhile.length >> 1]).toBeLessThanOrEqual(10);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

describe('what was acknowledged', () => {
  const stored = async (token: string) =>
    (await ask<{ keys: { key_name: string }[] }>(vault.url, 'GET', '/keys', { token })).body.keys.map(
      (key) => key.key_name,
    );

  test('is there after a stop and a start, sessions too, and nothing of the old run is left', async () => {
    await ask(vault.url, 'POST', '/keys', { token: admin, body: { key_name: 'restart', api_key: 'still here' } });
    const { folder } = vault;
    await vault.stop();
    expect(vault.process.exitCode).toBe(0);
    vault = await startVault({ folder });
    expect(vault.output()).not.toContain('admin123');
    expect((await ask(vault.url, 'GET', '/keys/restart', { token: admin })).body.api_key).toBe('still here');
    expect((await ask(vault.url, 'POST', '/auth/login', { body: { username: 'flood0', password: 'x' } })).status).toBe(
      429,
    );
  });

  test('is there after kill -9 in the middle of writes', async () => {
    for (let round = 0; round < 3; round++) {
      const acknowledged: string[] = [];
      let running = true;
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let i = 0; running; i++) {
          const key_name = `kill ${round} ${writer} ${i}`;
          const answer = await ask(vault.url, 'POST', '/keys', {
            token: admin,
            body: { key_name, api_key: key_name },
          }).catch(() => undefined);
          if (answer?.status === 201) acknowledged.push(key_name);
        }
      });
      while (acknowledged.length < 30) await new Promise((soon) => setTimeout(soon, 20));
      const { folder } = vault;
      await vault.kill();
      running = false;
      await Promise.all(writers);
      vault = await startVault({ folder });
      const names = new Set(await stored(admin));
      expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
      const last = acknowledged.at(-1) ?? '';
      const { body } = await ask(vault.url, 'GET', `/keys/${encodeURIComponent(last)}`, { token: admin });
      expect(body.api_key).toBe(last);
    }
  });
});

test('the data folder holds the database and no secret in the clear', async () => {
  await ask(vault.url, 'POST', '/keys', { token: user, body: { key_name: 'clear', api_key: 'a value to look for' } });
  await vault.stop();
  const files = readdirSync(vault.dataFolder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name)).includes('a value to look for')).toBe(false);
  }
});
