/** An encryption key that is taken out too early: a start, /health, check and backup say which one to put back. */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { parseKeyring } from '../core/crypto/keyring.ts';
import { runOn } from '../testing/disk-vaults.ts';
import { ask, signIn, startVault } from '../testing/vault.ts';

test('is named by fingerprint at the start, and the vault serves the rest', async () => {
  const first = await startVault();
  onTestFinished(() => rmSync(first.folder, { recursive: true, force: true }));
  await store(first.url, 'old', 'sealed with the old key');
  await first.stop();
  expect(first.output()).not.toContain('sealed with');

  const env = readFileSync(first.envFile, 'utf8');
  const oldKey = /^ENCRYPTION_KEY=(.*)$/m.exec(env)?.[1] ?? '';
  const rotated = env.replace(oldKey, randomBytes(32).toString('base64'));
  writeFileSync(first.envFile, `${rotated}\nRETIRED_ENCRYPTION_KEYS=${oldKey}\n`);
  const second = await startVault({ folder: first.folder });
  await store(second.url, 'new', 'sealed with the new key');
  await second.stop();
  expect(second.output()).not.toContain('sealed with');

  writeFileSync(first.envFile, rotated);
  const third = await startVault({ folder: first.folder });
  const sentence = `1 value is sealed with the key ${parseKeyring(oldKey).primary.id}, which this vault does not have.`;
  try {
    expect(third.output()).toContain(sentence);
    const health = await ask(third.url, 'GET', '/health');
    expect(health).toMatchObject({
      status: 200,
      body: { status: 'degraded', warning: expect.stringContaining(sentence) },
    });
    const token = await signIn(third.url, 'user', 'user123');
    expect((await ask(third.url, 'GET', '/keys/new', { token })).body.api_key).toBe('sealed with the new key');
    expect((await ask(third.url, 'GET', '/keys/old', { token })).status).toBe(500);
    expect(third.output()).not.toContain(oldKey);
  } finally {
    await third.stop();
  }

  const check = runOn(first, ['check.ts']);
  expect([check.code, check.output]).toEqual([1, expect.stringContaining(sentence)]);
  const backup = runOn(first, ['check.ts', 'backup'], { input: runOn(first, ['backup.ts']).stdout });
  expect([backup.code, backup.output]).toEqual([1, expect.stringContaining(sentence)]);
  const accepted = runOn(first, ['check.ts', 'backup', '--accept-damaged'], {
    input: runOn(first, ['backup.ts']).stdout,
  });
  expect([accepted.code, accepted.output]).toEqual([0, expect.stringContaining(sentence)]);

  writeFileSync(first.envFile, `${rotated}\nRETIRED_ENCRYPTION_KEYS=${oldKey}\n`);
  expect(runOn(first, ['check.ts'])).toMatchObject({ code: 0, output: expect.stringContaining('every value opens') });
});

async function store(url: string, key_name: string, api_key: string): Promise<void> {
  const token = await signIn(url, 'user', 'user123');
  expect((await ask(url, 'POST', '/keys', { token, body: { key_name, api_key } })).status).toBe(201);
}
