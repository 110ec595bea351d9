/** Fills a vault's disk, a tmpfs of 24 MB. Only root can mount one; elsewhere the test is skipped. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-disk-'));
const disk = join(folder, 'data');
const filler = join(disk, 'filler');
const isMounted = process.getuid?.() === 0 && mount();
let vault: RunningVault;

function mount(): boolean {
  try {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  if (isMounted) vault = await startVault({ folder });
});

afterAll(async () => {
  await vault?.stop();
  if (isMounted) execFileSync('umount', ['-l', disk]);
  rmSync(folder, { recursive: true, force: true });
});

/** Fills the disk but for so many bytes. */
function fillDisk(leaving = 0): void {
  const file = openSync(filler, 'w');
  try {
    while (leaving === 0 || free() > leaving) writeSync(file, Buffer.alloc(4096, 1));
    return;
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(file);
  }
}

function free(): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}

test.skipIf(!isMounted)(
  'on a disk that is nearly full nothing new is stored, while reads and deletions are recorded and go on',
  async () => {
    const token = await signIn(vault.url, 'admin', 'admin123');
    const call = (method: string, path: string, body?: object) => ask(vault.url, method, path, { token, body });
    const key = { key_name: 'early', api_key: 'x' };
    expect((await call('POST', '/keys', key)).status).toBe(201);
    // The reserve is a quarter of this disk, 6 MB.
    fillDisk(5.5 * 1024 * 1024);
    const isRefused = async () => (await call('POST', '/keys', { ...key, key_name: 'late' })).status === 503;
    await expect.poll(isRefused).toBe(true);
    expect((await call('PUT', '/keys/early', { api_key: 'y' })).body.error).toMatch(/nearly full/);
    expect((await call('POST', '/users', { username: 'late', password: 'a good password' })).status).toBe(503);
    for (let i = 0; i < 50; i++) expect((await call('GET', '/keys/early')).body.api_key).toBe('x');
    expect((await call('GET', '/logs?action=view_key&limit=500')).body.logs).toHaveLength(50);
    expect((await call('DELETE', '/keys/early')).status).toBe(200);
    expect(await signIn(vault.url, 'user', 'user123')).toBeTruthy();
    rmSync(filler);
    expect((await call('POST', '/keys', key)).status).toBe(201);
    expect((await call('DELETE', '/keys/early')).status).toBe(200);
  },
);

test.skipIf(!isMounted)(
  'on a full disk, writes answer 503 and change nothing; once there is space, everything works without a restart',
  async () => {
    const token = await signIn(vault.url, 'user', 'user123');
    const add = (key_name: string) =>
      ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: 'v'.repeat(2_000) } });
    expect((await add('before')).status).toBe(201);
    fillDisk();
    const acknowledged = ['before'];
    const refusals: string[] = [];
    const writeUntilRefused = async (writer: number): Promise<void> => {
      for (let i = 0; i < 5_000; i++) {
        const { status, body } = await add(`full ${writer} ${i}`);
        if (status !== 201) {
          refusals.push(`${status} ${body.error}`);
          return;
        }
        acknowledged.push(`full ${writer} ${i}`);
      }
    };
    // Many at once, so that some are refused while they wait in the queue. Those must not be carried out later either.
    await Promise.all(Array.from({ length: 16 }, (_, writer) => writeUntilRefused(writer)));
    expect(refusals).toHaveLength(16);
    for (const refusal of refusals) expect(refusal).toMatch(/^503 /);
    expect(refusals.join()).toMatch(/nothing was changed/i);
    await delay(1_100); // A good answer of /health is cached for a second.
    // Under wrangler the database no longer answers reads either; standalone it does.
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
