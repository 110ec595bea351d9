/** Another process holds the write lock of the database for some seconds, as a SQLite shell or a copying tool may. */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const holdMs = 3_000;

let vault: RunningVault;
beforeAll(async () => {
  vault = await startVault();
});
afterAll(() => vault?.dispose());

test('requests wait for it: reads, writes and sign-ins succeed, and the vault stays healthy', async () => {
  const token = await signIn(vault.url, 'admin', 'admin123');
  const add = (key_name: string) => ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: 'v' } });
  expect((await add('before')).status).toBe(201);
  expect((await ask(vault.url, 'GET', '/health')).status).toBe(200);
  using other = new DatabaseSync(vault.files.file);
  other.exec('BEGIN IMMEDIATE');
  const body = { username: 'user', password: 'user123' };
  const waiting = Promise.all([
    ask(vault.url, 'GET', '/keys/before', { token }),
    add('during'),
    ask(vault.url, 'POST', '/auth/login', { body }),
    ask(vault.url, 'GET', '/logs', { token }),
    ask(vault.url, 'GET', '/health'),
  ]);
  await delay(holdMs);
  // Nothing that must be recorded was answered without its row.
  expect(await Promise.race([waiting.then(() => 'answered'), delay(10, 'waiting')])).toBe('waiting');
  other.exec('ROLLBACK');
  expect((await waiting).map(({ status }) => status)).toEqual([200, 201, 200, 200, 200]);
  expect((await add('during')).status).toBe(409);
  expect(vault.output()).not.toContain('Starting it again');
});
