/** A whole vault from outside, on either runtime: what it serves, what it refuses, and what survives a restart. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;
let admin: string;
let user: string;

beforeAll(async () => {
  vault = await startVault();
  admin = await signIn(vault.url, 'admin', 'admin123');
  user = await signIn(vault.url, 'user', 'user123');
});

afterAll(() => vault?.dispose());

/** Sends bytes that no HTTP client would send, and reads until the server closes the connection. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(vault.url);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = '';
    socket.setTimeout(20_000, () => socket.destroy());
    socket
      .on('data', (chunk) => (answer += chunk))
      .on('close', () => resolve(answer))
      .on('error', reject);
  });
}

function getRaw(path: string, headers = ''): Promise<string> {
  return sendRaw(`GET ${path} HTTP/1.1\r\nHost: vault\r\n${headers}Connection: close\r\n\r\n`);
}

async function isHealthy(): Promise<boolean> {
  return (await ask(vault.url, 'GET', '/health')).status === 200;
}

test('prints its address and the first accounts, but no key; its files are readable only by their owner', () => {
  const keys =
    readFileSync(vault.envFile, 'utf8')
      .match(/^(?:SECRET|ENCRYPTION)_KEY=.+/gm)
      ?.map((line) => line.slice(line.indexOf('=') + 1)) ?? [];
  expect(keys).toHaveLength(2);
  expect(vault.output()).toContain('admin / admin123');
  for (const key of keys) expect(vault.output()).not.toContain(key);
  expect(statSync(vault.envFile).mode & 0o777).toBe(0o600);
  expect(statSync(vault.data).mode & 0o777).toBe(0o700);
});

test('serves the page with a content security policy', async () => {
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
])('%s answers 404 in JSON', async (path) => {
  const answer = await getRaw(path);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).toContain('{"error":');
});

test('ignores headers that claim another client address or another path', async () => {
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
  expect(await getRaw('/auth/session', forged.join(''))).toMatch(/^HTTP\/1\.1 200 .*"user":"user"/s);
  const { body } = await ask<{ logs: { ip_address: string }[] }>(vault.url, 'GET', '/logs?limit=1', { token: user });
  expect(body.logs[0]?.ip_address).toBe('127.0.0.1');
});

test('answers 401 to a token of 100 KB', async () => {
  expect((await ask(vault.url, 'GET', '/keys', { token: 'a'.repeat(100_000) })).status).toBe(401);
});

test.each([
  ['with 5 million levels', '['.repeat(5_000_000)],
  ['with 500,000 keys', `{${Array.from({ length: 500_000 }, (_, i) => `"k${i}":1`).join()}}`],
])('refuses a body %s with 413 and stays healthy', async (_, body) => {
  const headers = { Authorization: `Bearer ${user}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${vault.url}/keys`, { method: 'POST', headers, body }).catch(() => undefined);
  // Node.js may report the closed connection before it has read the answer.
  expect([413, undefined]).toContain(response?.status);
  expect(await isHealthy()).toBe(true);
});

test('refuses a body that does not end with 413', async () => {
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(40);
  const answer = await sendRaw(
    `POST /keys HTTP/1.1\r\nHost: vault\r\nAuthorization: Bearer ${user}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test.each([
  ['GET', 'Content-Length: 0\r\n\r\n'],
  ['GET', 'Content-Length: 5\r\n\r\nhello'],
  ['HEAD', 'Content-Length: 2\r\n\r\n{}'],
])('answers a %s that has a body as if it had none', async (method, rest) => {
  const answer = await sendRaw(
    `${method} /auth/session HTTP/1.1\r\nHost: vault\r\nAuthorization: Bearer ${user}\r\nConnection: close\r\n${rest}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test('stays healthy after many large bodies that are posted to a page', async () => {
  for (let i = 0; i < 8; i++) {
    const response = await fetch(`${vault.url}/index.html`, { method: 'POST', body: 'x'.repeat(20_000) });
    expect([404, 405]).toContain(response.status);
  }
  expect(await isHealthy()).toBe(true);
});

test('compresses a list only for clients that accept gzip', async () => {
  const headers = { Authorization: `Bearer ${user}`, 'Accept-Encoding': 'gzip' };
  const response = await fetch(`${vault.url}/keys`, { headers });
  expect(response.headers.get('Content-Encoding')).toBe('gzip');
  expect(await response.json()).toHaveProperty('keys');
  const plain = await getRaw('/keys', `Authorization: Bearer ${user}\r\n`);
  expect(plain).toMatch(/\{"keys":\[.*\]\}/s);
  expect(await getRaw('/')).toContain('<!doctype html>');
});

test('answers 200 sign-ins at once, of which /health waits for a few at most', async () => {
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
    expect(await isHealthy()).toBe(true);
    comparedMeanwhile.push(compared - before);
  }
  const statuses = await flood;
  expect(compared).toBeLessThanOrEqual(20);
  // The median, since this process may be delayed as well. On a busy machine every step of an answer may wait for one.
  expect(comparedMeanwhile.toSorted((a, b) => a - b)[comparedMeanwhile.length >> 1]).toBeLessThanOrEqual(10);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
});

test('keeps keys, sessions and the sign-in throttle over a restart, and exits with 0', async () => {
  await ask(vault.url, 'POST', '/keys', { token: admin, body: { key_name: 'restart', api_key: 'still here' } });
  const wrongSignIn = async () => {
    const body = { username: 'nobody', password: 'wrong' };
    return (await ask(vault.url, 'POST', '/auth/login', { body })).status;
  };
  while ((await wrongSignIn()) !== 429);
  await vault.stop();
  expect(vault.process.exitCode).toBe(0);
  vault = await startVault({ folder: vault.folder });
  // The default passwords are printed only for a new vault.
  expect(vault.output()).not.toContain('admin123');
  expect((await ask(vault.url, 'GET', '/keys/restart', { token: admin })).body.api_key).toBe('still here');
  expect(await wrongSignIn()).toBe(429);
});

test('stores no value in the clear', async () => {
  await ask(vault.url, 'POST', '/keys', { token: user, body: { key_name: 'clear', api_key: 'a value to look for' } });
  const files = readdirSync(vault.data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  expect(files.some((file) => readFileSync(join(file.parentPath, file.name)).includes('clear'))).toBe(true);
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name)).includes('a value to look for')).toBe(false);
  }
});
