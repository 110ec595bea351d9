import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;
let token: string;

beforeAll(async () => {
  vault = await startVault();
  token = await signIn(vault.url, 'admin', 'admin123');
});

afterAll(() => vault.dispose());

function seed(options: string[], env: Record<string, string> = {}): { status: number | null; output: string } {
  const program = join(import.meta.dirname, 'seed.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...options], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, KEYSTORE_ENV: '/dev/null', ...env },
  });
  return { status, output: stdout + stderr };
}

async function read(path: string) {
  const { body } = await ask<Record<string, Record<string, unknown>[]>>(vault.url, 'GET', path, { token });
  return body;
}

test('says what to do where no vault answers, or the password is wrong', () => {
  expect(seed(['--url', 'http://127.0.0.1:1'])).toMatchObject({ status: 1, output: expect.stringMatching(/--url/) });
  const wrong = seed(['--url', vault.url], { ADMIN_PASSWORD: 'wrong' });
  expect(wrong).toMatchObject({ status: 1, output: expect.stringMatching(/Set ADMIN_PASSWORD/) });
});

test('takes no password from the command line, where every user of the machine sees it', () => {
  const { status, output } = seed(['--url', vault.url, '--password', 'admin123']);
  expect([status, output]).toEqual([1, expect.stringMatching(/^The only option is --url\. .*ADMIN_PASSWORD.*\n$/)]);
});

test('makes a team with roles, keys, and a log that holds refusals', async () => {
  const envFile = join(vault.folder, 'seed.env');
  writeFileSync(envFile, 'ADMIN_PASSWORD=admin123\n');
  const { status, output } = seed(['--url', vault.url], { KEYSTORE_ENV: envFile });
  expect(output).toMatch(/(\d+) of \1 users, projects and keys/);
  expect(status).toBe(0);
  const { users = [] } = await read('/users');
  expect(users.filter(({ role }) => role === 'admin').length).toBeGreaterThan(1);
  expect(users.some(({ is_active }) => is_active === false)).toBe(true);
  const { keys = [] } = await read('/keys');
  expect(keys.length).toBeGreaterThan(10);
  const { body } = await ask(vault.url, 'GET', '/keys/STRIPE_SECRET_KEY', { token });
  expect(body.api_key).toMatch(/^example-/);
  const { logs = [] } = await read('/logs?limit=500');
  expect(new Set(logs.map(({ outcome }) => outcome))).toEqual(
    new Set(['allowed', 'denied', 'conflict', 'unauthenticated']),
  );
});

test('makes projects with members of each role, folders, labels, keys that are due, versions and a trash', async () => {
  const { projects = [] } = await read('/projects');
  expect(projects.map(({ name }) => name)).toEqual(['platform', 'shop', 'support']);
  const { members = [] } = await read('/projects/shop');
  expect(new Set(members.map(({ role }) => role))).toEqual(new Set(['manager', 'editor', 'viewer']));
  for (const folder of ['dev', 'staging', 'prod']) {
    const { keys = [] } = await read(`/keys?project=shop&prefix=shop/${folder}/&label=env:${folder}`);
    expect(keys.length).toBeGreaterThan(2);
  }
  const { keys: due = [] } = await read('/keys?due=14');
  expect(due.map(({ key_name }) => key_name)).toEqual([
    'ANTHROPIC_API_KEY',
    'platform/prod/VPN_CERTIFICATE_KEY',
    'shop/prod/CARRIER_API_KEY',
  ]);
  const { versions = [] } = await read('/keys/shop%2Fprod%2FSTRIPE_SECRET_KEY/versions');
  expect(versions.map(({ version, destroyed }) => [version, destroyed])).toEqual([
    [4, false],
    [3, true],
    [2, false],
    [1, false],
  ]);
  const { keys: trash = [] } = await read('/trash');
  expect(trash.map(({ key_name, project }) => [key_name, project])).toEqual([
    ['MAILCHIMP_API_KEY', null],
    ['shop/staging/PAYPAL_CLIENT_SECRET', 'shop'],
  ]);
});

test('a second run changes nothing', async () => {
  const all = async () => [await read('/keys'), await read('/projects'), await read('/trash'), await read('/users')];
  const before = await all();
  expect(seed(['--url', vault.url])).toMatchObject({ status: 0, output: expect.stringContaining('seeded already') });
  const signedIn = (given: unknown) => JSON.stringify(given).replaceAll(/"last_(login|seen)":"[^"]*"/g, '');
  expect(signedIn(await all())).toEqual(signedIn(before));
});

test('a run that was interrupted is finished by the next one', async () => {
  const { users = [] } = await read('/users');
  const pathOf = (name: string) => `/users/${users.find(({ username }) => username === name)?.id}`;
  await ask(vault.url, 'DELETE', pathOf('yuki'), { token });
  await ask(vault.url, 'PUT', pathOf('intern'), { token, body: { is_active: true } });
  const again = seed(['--url', vault.url]);
  expect(again).toMatchObject({ status: 0, output: expect.stringMatching(/(\d+) of \1 users/) });
  const { keys = [] } = await read('/keys');
  expect(keys.filter(({ key_name }) => key_name === 'DATADOG_API_KEY')).toHaveLength(1);
  const { members = [] } = await read('/projects/platform');
  expect(members.map(({ user_name }) => user_name)).toEqual(['jonas', 'mira', 'tomas', 'yuki']);
});

test('refuses a vault that holds anything else, and touches nothing', async () => {
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'a real one', api_key: 'x' } });
  const before = await read('/users');
  const { status, output } = seed(['--url', vault.url]);
  expect(status).toBe(1);
  expect(output).toContain('a real one');
  expect((await read('/users')).users?.length).toBe(before.users?.length);
});
