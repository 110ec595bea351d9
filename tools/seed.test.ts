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

test('makes a team with roles, keys and a log that holds refusals', async () => {
  const envFile = join(vault.folder, 'seed.env');
  writeFileSync(envFile, 'ADMIN_PASSWORD=admin123\n');
  const { status, output } = seed(['--url', vault.url], { KEYSTORE_ENV: envFile });
  expect(output).toMatch(/(\d+) of \1 users and keys/);
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

test('a second run changes nothing', async () => {
  const before = await read('/keys');
  expect(seed(['--url', vault.url])).toMatchObject({ status: 0, output: expect.stringContaining('seeded already') });
  expect(await read('/keys')).toEqual(before);
});

test('refuses a vault that holds anything else, and touches nothing', async () => {
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'a real one', api_key: 'x' } });
  const before = await read('/users');
  const { status, output } = seed(['--url', vault.url]);
  expect(status).toBe(1);
  expect(output).toContain('a real one');
  expect((await read('/users')).users?.length).toBe(before.users?.length);
});
