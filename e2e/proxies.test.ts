/**
 * The configurations of docs/PROXIES.md, with the real proxies in front of a real vault. A proxy that is not installed is
 * skipped, and the name of the suite says so; .ci/run installs all.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { project } from '../testing/disk-vaults.ts';
import { isInstalled, type ProxyName, packages, type RunningProxy, startProxy, through } from '../testing/proxy.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const adminPassword = 'correct horse battery';
const page = readFileSync(join(project, 'docs/PROXIES.md'), 'utf8');

/** The example of a proxy on the page, for the root of a host and for a sub-path. */
function example(language: string, isSubPath: boolean): string {
  const found = [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))];
  const text = found[isSubPath ? 1 : 0]?.[1];
  if (text === undefined) throw new Error(`docs/PROXIES.md has no such example for ${language}`);
  return text.replaceAll('127.0.0.1:5000', new URL(vault.url).host);
}

let vault: RunningVault;
let proxy: RunningProxy | undefined;

const env = { TRUSTED_PROXIES: '127.0.0.1', ADMIN_PASSWORD: adminPassword };

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(proxy?.output(), vault.output());
  await proxy?.dispose();
  proxy = undefined;
});

/** Signs in as a browser does. Returns the Set-Cookie header, and the Cookie header that a browser makes of it. */
async function enter(front: RunningProxy, base: string, tls: boolean) {
  const body = { username: 'admin', password: adminPassword };
  const { status, headers } = await through(front, { path: `${base}/auth/login`, tls, method: 'POST', body });
  const set = String(headers['set-cookie'] ?? '');
  expect([status, set]).toEqual([200, expect.stringContaining('keystore_session_')]);
  return { set, cookie: set.split(';')[0] as string };
}

/** The newest row of the log about a key. */
async function rowAbout(key: string) {
  const token = await signIn(vault.url, 'admin', adminPassword);
  const { body } = await ask<{ logs: Record<string, string>[] }>(vault.url, 'GET', `/logs?key_name=${key}`, { token });
  return body.logs[0];
}

/** A browser's whole way: page, files, sign-in, a change, and what the log says of it. */
async function visit(front: RunningProxy, base: string, tls: boolean) {
  const html = await through(front, { path: `${base}/`, tls });
  expect([html.status, html.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/html/)]);
  const files = [...html.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect((await through(front, { path: file, tls })).status).toBe(200);
  const { set, cookie } = await enter(front, base, tls);
  const origin = `${tls ? 'https' : 'http'}://localhost:${front.port}`;
  const name = `k${Math.random().toString(36).slice(2)}`;
  const spoofed = { 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=5.5.5.5', 'CF-Connecting-IP': '7.7.7.7' };
  const change = (from: string) =>
    through(front, {
      path: `${base}/keys`,
      tls,
      method: 'POST',
      headers: { Cookie: cookie, Origin: from, ...spoofed },
      body: { key_name: name, api_key: 'v' },
    });
  const foreign = await change('http://evil.test');
  expect([foreign.status, foreign.text]).toEqual([403, expect.stringContaining(origin)]);
  const own = await change(origin);
  expect([own.status, own.text]).toEqual([201, expect.any(String)]);
  expect(await rowAbout(name)).toMatchObject({ action: 'add_key', ip_address: '127.0.0.2' });
  const value = await through(front, { path: `${base}/keys/${name}`, tls, headers: { Cookie: cookie } });
  expect(JSON.parse(value.text)).toMatchObject({ api_key: 'v' });
  const head = await through(front, { path: `${base}/keys/${name}`, tls, method: 'HEAD', headers: { Cookie: cookie } });
  expect([head.status, head.text]).toEqual([200, '']);
  await listThrough(front, base, tls);
  return set;
}

/** Proxies pass on methods that they do not know, and this one ends the connection to the vault. */
async function listThrough(front: RunningProxy, base: string, tls: boolean): Promise<void> {
  const headers = { 'X-Vault-Token': await signIn(vault.url, 'admin', adminPassword) };
  const path = `${base}/v1/secret/metadata/`;
  const got = await through(front, { path: `${path}?list=true`, tls, headers });
  expect([got.status, got.text]).toEqual([200, expect.stringContaining('"keys"')]);
  for (let i = 0; i < 3; i++) {
    const listed = await through(front, { path, tls, method: 'LIST', headers });
    const withoutId = (text: string) => text.replace(/"request_id":"[^"]*"/, '');
    expect([listed.status, withoutId(listed.text)]).toEqual([got.status, withoutId(got.text)]);
  }
}

const proxies: [ProxyName, language: string][] = [
  ['nginx', 'nginx'],
  ['caddy', 'caddyfile'],
  ['haproxy', 'haproxy'],
];

/** Says in the name of a suite that it was skipped, and what would run it. */
function titleOf(name: ProxyName): string {
  return isInstalled(name) ? name : `${name}, skipped: not installed (apt-get install ${packages[name]})`;
}

describe('at the root of a host', () => {
  beforeAll(async () => {
    vault = await startVault({ env });
  });
  afterAll(() => vault?.dispose());

  for (const [name, language] of proxies) {
    describe.skipIf(!isInstalled(name))(titleOf(name), () => {
      test.each([false, true])('as docs/PROXIES.md configures it, works, with TLS: %s', async (tls) => {
        proxy = await startProxy(name, example(language, false), { tls });
        const set = await visit(proxy, '', tls);
        expect(set).toMatch(tls ? /^__Host-keystore_session_.*; Secure;/ : /^keystore_session_(?!.*Secure)/);
      });
    });
  }

  describe.skipIf(!isInstalled('nginx'))(titleOf('nginx'), () => {
    test('as it is by default: reads work, a change is a 403 that names both origins, or works if the browser vouches', async () => {
      const { host } = new URL(vault.url);
      proxy = await startProxy('nginx', `location / { proxy_pass ${vault.url}; }`);
      const { cookie } = await enter(proxy, '', false);
      const origin = `http://localhost:${proxy.port}`;
      expect((await through(proxy, { path: '/keys', headers: { Cookie: cookie } })).status).toBe(200);
      const change = { path: '/auth/logout', method: 'POST', headers: { Cookie: cookie, Origin: origin } };
      const refused = await through(proxy, change);
      expect(refused.status).toBe(403);
      expect(JSON.parse(refused.text).error).toMatch(
        new RegExp(`a page of ${origin}, but the vault was asked as http://${host},.*TRUSTED_PROXIES`),
      );
      const vouched = await through(proxy, {
        ...change,
        headers: { ...change.headers, 'Sec-Fetch-Site': 'same-origin' },
      });
      expect(vouched.status).toBe(200);
    });
  });
});

describe('under a sub-path', () => {
  beforeAll(async () => {
    vault = await startVault({ env: { ...env, BASE_PATH: '/vault' } });
  });
  afterAll(() => vault?.dispose());

  test('the vault itself serves it, and says where it is', async () => {
    expect(vault.output()).toContain(`${new URL(vault.url).port}/vault/\n`);
    const direct = await fetch(`${vault.url}/vault?x=1`, { redirect: 'manual' });
    expect([direct.status, direct.headers.get('Location')]).toEqual([307, '/vault/?x=1']);
    expect((await fetch(`${vault.url}/vault/health`)).status).toBe(200);
  });

  for (const [name, language] of proxies) {
    describe.skipIf(!isInstalled(name))(titleOf(name), () => {
      test('as docs/PROXIES.md configures it, works, and sends people who type an address to the page', async () => {
        proxy = await startProxy(name, example(language, true), { tls: true });
        expect(await visit(proxy, '/vault', true)).toMatch(/^__Secure-keystore_session_.*; Path=\/vault;.*; Secure;/);
        const typed = await through(proxy, { path: '/vault/logs', tls: true, headers: { Accept: 'text/html' } });
        expect([typed.status, typed.headers.location]).toEqual([303, '/vault/#/logs']);
      });
    });
  }

  describe.skipIf(!isInstalled('nginx'))(titleOf('nginx'), () => {
    const headers = 'proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';

    test('that strips the path works', async () => {
      proxy = await startProxy('nginx', `location /vault/ { proxy_pass ${vault.url}/; ${headers} }`);
      await visit(proxy, '/vault', false);
    });

    test('that serves the page at the path without its slash works: the files are found', async () => {
      proxy = await startProxy('nginx', `location /vault { proxy_pass ${vault.url}/; ${headers} }`);
      const { status, text } = await through(proxy, { path: '/vault' });
      expect([status, text]).toEqual([200, expect.stringContaining('"/vault/assets/')]);
    });
  });
});
