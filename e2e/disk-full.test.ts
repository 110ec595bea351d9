import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

/** A disk of 12 MB, which only root can make; elsewhere the test says that it was skipped. */

const folder = mkdtempSync(join(tmpdir(), 'keystore-disk-'));
const disk = join(folder, 'data');
const filler = join(disk, 'filler');
const canMount = process.getuid?.() === 0 && mounted();
let vault: RunningVault;

function mounted(): boolean {
  try {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  if (canMount) vault = await startVault({ folder });
});

afterAll(async () => {
  await vault?.stop();
  if (canMount) execFileSync('umount', ['-l', disk]);
  rmSync(folder, { recursive: true, force: true });
});

const fill = () => {
  const file = openSync(filler, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096, 1));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(file);
  }
};

test.skipIf(!canMount)(
  'a full disk: 503 and nothing half done; with space again everything works by itself',
  async () => {
    const token = await signIn(vault.url, 'user', 'user123');
    const add = (key_name: string) =>
      ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: 'v'.repeat(2_000) } });
    expect((await add('before')).status).toBe(201);
    fill();
    const acknowledged = ['before'];
    const refused: string[] = [];
    const writeUntilRefused = async (writer: number) => {
      for (let i = 0; i < 5_000; i++) {
        const { status, body } = await add(`full ${writer} ${i}`);
        if (status === 201) acknowledged.push(`full ${writer} ${i}`);
        else return refused.push(`${status} ${body.error}`);
      }
      return 0;
    };
    // Many at once: some are refused before they have run, and those may not run afterwards either.
    await Promise.all(Array.from({ length: 16 }, (_, writer) => writeUntilRefused(writer)));
    expect(refused).toHaveLength(16);
    for (const each of refused) expect(each).toMatch(/^503 /);
    expect(refused.join()).toMatch(/nothing was changed/);
    await delay(1_100); // as long as a good answer is kept
    // Under wrangler the database does not even answer a question now; standalone it does.
    expect([200, 503]).toContain((await ask(vault.url, 'GET', '/health')).status);
    expect((await ask(vault.url, 'GET', '/health/live')).status).toBe(200);

    rmSync(filler);
    for (let i = 0; i < 90 && (await ask(vault.url, 'GET', '/health')).status !== 200; i++) await delay(500);
    expect((await add('after')).status).toBe(201);
    const { body } = await ask<{ keys: { key_name: string }[] }>(vault.url, 'GET', '/keys', { token });
    expect(body.keys.map((key) => key.key_name).toSorted()).toEqual([...acknowledged, 'after'].toSorted());
    expect((await ask(vault.url, 'GET', '/keys/before', { token })).body.api_key).toHaveLength(2_000);
  },
);
