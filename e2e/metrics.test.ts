/** `/metrics` of a real vault, on either runtime. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newestBackupFile } from '../core/newest-backup.ts';
import { project } from '../testing/disk-vaults.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const token = 'token-of-the-metrics-of-this-test';

let vault: RunningVault;

beforeAll(async () => {
  vault = await startVault({ env: { METRICS_TOKEN: token } });
});

afterAll(() => vault?.dispose());

async function scrape(headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${vault.url}/metrics`, { headers: { Authorization: `Bearer ${token}`, ...headers } });
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return response.text();
}

function sample(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? Number.NaN);
}

test('counts requests and what is stored', async () => {
  const admin = await signIn(vault.url, 'admin', 'admin123');
  for (const key_name of ['a/b', 'c'])
    await ask(vault.url, 'POST', '/keys', { token: admin, body: { key_name, api_key: 'value' } });
  await ask(vault.url, 'GET', '/keys/a%2Fb', { token: admin });
  const text = await scrape();
  expect(sample(text, 'keystore_http_requests_total{route="/keys",method="POST",status="201"}')).toBe(2);
  expect(sample(text, 'keystore_http_requests_total{route="/keys/:name",method="GET",status="200"}')).toBe(1);
  expect(sample(text, 'keystore_keys')).toBe(2);
  expect(sample(text, 'keystore_database_up')).toBe(1);
});

test('is refused without its token, and with that of an admin', async () => {
  const admin = await signIn(vault.url, 'admin', 'admin123');
  for (const headers of [{}, { Authorization: `Bearer ${admin}` }, { Authorization: `Bearer ${token}x` }])
    expect((await fetch(`${vault.url}/metrics`, { headers })).status).toBe(401);
});

test('has the age of the newest backup once there is one', async () => {
  const name = 'keystore_newest_backup_age_seconds';
  expect(await scrape()).not.toContain(name);
  const backups = mkdtempSync(join(tmpdir(), 'keystore-backups-'));
  try {
    const env = {
      PATH: process.env.PATH,
      KEYSTORE_DATA: vault.data,
      KEYSTORE_ENV: vault.envFile,
      KEYSTORE_BACKUPS: backups,
    };
    const script = join(project, 'HelperScripts/backup-data.sh');
    const made = spawnSync('bash', [script, '--local'], { env, encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
  } finally {
    rmSync(backups, { recursive: true, force: true });
  }
  expect(sample(await scrape(), name)).toBeLessThan(60);
  writeFileSync(join(vault.data, newestBackupFile), `${new Date(Date.now() - 86_400_000).toISOString()}\n`);
  expect(sample(await scrape(), name)).toBeCloseTo(86_400, -2);
  writeFileSync(join(vault.data, newestBackupFile), 'yesterday\n');
  expect(await scrape()).not.toContain(name);
});

test('a token that is too short is refused at the start, without a trace of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-metrics-'));
  try {
    const started = startVault({ folder, env: { METRICS_TOKEN: 'short-secret' } }).then((up) => up.dispose());
    const error = await started.then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error).toMatch(/METRICS_TOKEN must have 32 to 512 /);
    expect(error).not.toContain('short-secret');
    expect(existsSync(join(folder, 'data', newestBackupFile))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
