/** The standalone file as its clients see it, without a gate before the worker. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ask, freePort, type RunningVault, signIn, startVault, type VaultOptions } from '../../testing/vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-standalone-'));
// Some of these vaults are behind a proxy, where a default password is good for nothing but a change.
const admin = { username: 'admin', password: 'the password of the admin' };

function start({ env = {}, ...options }: VaultOptions = {}): Promise<RunningVault> {
  return startVault({ folder, ...options, env: { ADMIN_PASSWORD: admin.password, ...env } });
}

let vault: RunningVault | undefined;

afterEach(() => vault?.stop());

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('speaks TLS, and marks the session cookie as Secure', async () => {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const selfSigned = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...selfSigned, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const port = await freePort();
  const ca = readFileSync(cert);
  const isUp = async () => (await askTls(port, ca, '/health')).includes('"status":"healthy"');
  const secured = await start({ port, env: { TLS_CERT: cert, TLS_KEY: key }, isUp });
  expect(await askTls(port, ca, '/auth/login', admin)).toMatch(/HttpOnly.*; Secure/);
  await secured.stop();
});

/** Asks over TLS. Resolves with the Set-Cookie header and the body. */
function askTls(port: number, ca: Buffer, path: string, body?: unknown): Promise<string> {
  return new Promise((resolveAnswer, failed) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'Content-Type': 'application/json' };
    request({ host: '127.0.0.1', port, path, method, headers, ca, servername: 'localhost' }, (response) => {
      let text = `${response.headers['set-cookie'] ?? ''}`;
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolveAnswer(text));
    })
      .on('error', failed)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('the page: compressed, and not sent twice', async () => {
  vault = await start();
  const page = await (await fetch(vault.url)).text();
  const script = page.match(/type="module" src="(\/assets\/[\w-]+\.js)"/)?.[1] ?? '';
  const first = await fetch(vault.url + script, { headers: { 'Accept-Encoding': 'gzip' } });
  expect(first.headers.get('Content-Encoding')).toBe('gzip');
  expect(first.headers.get('Content-Type')).toContain('text/javascript');
  expect((await first.text()).length).toBeGreaterThan(10_000);
  const again = await fetch(vault.url + script, { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } });
  expect(again.status).toBe(304);
  await vault.stop();
});

test('both runtimes send the same answers and headers', async () => {
  const answers = [];
  for (const runtime of ['standalone', 'wrangler'] as const) {
    vault = await start({ runtime });
    const response = await fetch(`${vault.url}/keys`, { headers: { 'CF-Connecting-IP': '6.6.6.6' } });
    const page = await fetch(vault.url);
    await page.arrayBuffer();
    const relevant = (headers: Headers) =>
      [...headers].filter(
        ([name]) =>
          !/^(date|connection|keep-alive|etag|transfer-encoding|content-length|content-encoding|cf-cache-status)$/.test(
            name,
          ),
      );
    const faults = await Promise.all(
      ['Content-Length: 1048577\r\n\r\n', `Transfer-Encoding: chunked\r\n\r\n100001\r\n${'x'.repeat(0x100001)}`].map(
        (rest) => conversation(Number(new URL(vault?.url ?? '').port), `POST /keys HTTP/1.1\r\nHost: x\r\n${rest}`),
      ),
    );
    for (const fault of faults) expect(fault).toMatch(/^HTTP\/1\.1 413 /);
    answers.push([
      response.status,
      await response.text(),
      relevant(response.headers),
      relevant(page.headers),
      ...faults.map(withoutTransport),
    ]);
    await vault.stop();
  }
  expect(answers[0]).toEqual(answers[1]);
});

/** The lines of an answer without those about the connection, in one order. */
function withoutTransport(answer: string): string[] {
  return answer
    .split('\r\n')
    .filter((line) => !/^(date|connection|keep-alive):/i.test(line))
    .sort();
}

function hasLoopback6(): boolean {
  return existsSync('/proc/net/if_inet6') && /^0{31}1 /m.test(readFileSync('/proc/net/if_inet6', 'utf8'));
}

/** The addresses in the log for a sign-in and a read that both claim another address. */
async function loggedAddresses(url: string, claims: Record<string, string>): Promise<(string | undefined)[]> {
  const { body: signedIn } = await ask<{ token: string }>(url, 'POST', '/auth/login', { body: admin, headers: claims });
  const { token } = signedIn;
  await ask(url, 'GET', '/keys/missing', { token, headers: claims });
  const { body: found } = await ask<{ logs: { ip_address: string; action: string }[] }>(url, 'GET', '/logs', { token });
  return ['view_key', 'login'].map((action) => found.logs.find((each) => each.action.startsWith(action))?.ip_address);
}

test('the log has the address of the socket, whatever the client claims', async () => {
  vault = await start();
  expect(await loggedAddresses(vault.url, {})).toEqual(['127.0.0.1', '127.0.0.1']);
  for (const claim of ['X-Forwarded-For', 'CF-Connecting-IP', 'X-Real-IP', 'Forwarded', 'X-Forwarded-Proto']) {
    expect(await loggedAddresses(vault.url, { [claim]: '203.0.113.9' })).toEqual(['127.0.0.1', '127.0.0.1']);
  }
  const six = vault.url.replace('127.0.0.1', '[::1]');
  if (hasLoopback6()) expect(await loggedAddresses(six, {})).toEqual(['::1', '::1']);
  await vault.stop();
});

test('only a trusted proxy decides which address goes into the log', async () => {
  vault = await start({ env: { TRUSTED_PROXIES: '127.0.0.0/8' } });
  const addresses = (forwardedFor: string) => loggedAddresses(vault?.url ?? '', { 'X-Forwarded-For': forwardedFor });
  expect(await addresses('203.0.113.9')).toEqual(['203.0.113.9', '203.0.113.9']);
  expect(await addresses('6.6.6.6, 203.0.113.9')).toEqual(['203.0.113.9', '203.0.113.9']);
  expect(await loggedAddresses(vault.url, {})).toEqual(['127.0.0.1', '127.0.0.1']);
  await vault.stop();
});

test('only a trusted proxy makes the session cookie Secure', async () => {
  const cookie = async (url: string) => {
    const headers = { 'X-Forwarded-Proto': 'https' };
    return (await ask(url, 'POST', '/auth/login', { body: admin, headers })).headers.get('Set-Cookie') ?? '';
  };
  vault = await start();
  expect(await cookie(vault.url)).toMatch(/HttpOnly/);
  expect(await cookie(vault.url)).not.toMatch(/Secure/);
  await vault.stop();
  vault = await start({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
  expect(await cookie(vault.url)).toMatch(/Secure/);
  await vault.stop();
});

test('a body that stalls: 408 after 10 s; a header that never ends: the same; others are served meanwhile', async () => {
  vault = await start();
  const { port } = new URL(vault.url);
  const stalled = conversation(Number(port), 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"u');
  const endless = conversation(Number(port), 'GET /health HTTP/1.1\r\nHost: x\r\n', 'X-Drip: drop\r\n');
  const token = await signIn(vault.url, admin.username, admin.password);
  expect((await ask(vault.url, 'GET', '/keys', { token })).status).toBe(200);
  for (const answer of [await stalled, await endless])
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*The request took too long to arrive/);
  await vault.stop();
});

/** Sends something, and then the same every half second. Resolves with the answer once the other end has closed. */
function conversation(port: number, begin: string, drip?: string): Promise<string> {
  return new Promise((over) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(begin));
    const dripping = setInterval(() => drip !== undefined && socket.write(drip), 500);
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(dripping);
      over(answer);
    });
  });
}
