/** A request that is sent again with its Idempotency-Key, after the vault was killed or while it was at it: it is carried out once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, freePort, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;
let token: string;
let port: number;

beforeAll(async () => {
  port = await freePort();
  vault = await startVault({ port });
  token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'app', api_key: 'value' } });
});

afterAll(() => vault?.dispose());

function restore(key: string) {
  return ask<{ version: number }>(vault.url, 'POST', '/keys/app/restore', {
    token,
    body: { version: 1 },
    headers: { 'Idempotency-Key': `"${key}"` },
  });
}

test('of many that come at once one is carried out, and all get its answer', async () => {
  const answers = await Promise.all(Array.from({ length: 16 }, () => restore('at once')));
  expect(answers.map(({ status, body }) => [status, body.version])).toEqual(answers.map(() => [200, 2]));
  expect(answers.filter(({ headers }) => headers.get('Idempotent-Replayed') === null)).toHaveLength(1);
});

test('an answer is still known after kill -9', async () => {
  const first = await restore('killed');
  expect(first.body.version).toBe(3);
  await vault.kill();
  vault = await startVault({ folder: vault.folder, port });
  const second = await restore('killed');
  expect([second.status, second.body, second.headers.get('Idempotent-Replayed')]).toEqual([200, first.body, 'true']);
  expect(second.headers.get('ETag')).toBe(first.headers.get('ETag'));
});
