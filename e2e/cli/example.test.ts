/** docs/examples/first-program.sh: from an empty folder to a program with its keys. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { node } from '../../testing/cli.ts';
import { project } from '../../testing/disk-vaults.ts';
import { ask, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';

test('makes a project, imports a .env, creates a token, and starts a program with it', async () => {
  const vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  const folder = mkdtempSync(join(tmpdir(), 'keystore-example-'));
  try {
    const bin = join(folder, 'bin');
    const work = join(folder, 'empty');
    mkdirSync(bin);
    mkdirSync(work);
    symlinkSync(node, join(bin, 'node'));
    const env = {
      PATH: `${bin}:${process.env.PATH}`,
      KEYSTORE_URL: vault.url,
      KEYSTORE_USER: 'admin',
      KEYSTORE_PASSWORD: password,
    };
    const script = join(project, 'docs/examples/first-program.sh');
    const { status, stdout, stderr } = spawnSync('sh', [script], { cwd: work, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('rror')]);
    expect(stdout).toContain('a database URL of 33 characters, a Stripe key that begins with sk-\n');
    expect(stdout).toContain('its own token: not in its environment\n');
    expect(stdout).toContain('printed by mistake: ***\n');
    expect(stdout).not.toContain('4eC39HqLyjWD');
    expect(readdirSync(work).toSorted()).toEqual(['.config', 'keystore.mjs', 'program.mjs', 'token']);
    const token = await signIn(vault.url, 'admin', password);
    const { body } = await ask<{ logs: { action: string; token: string | null }[] }>(vault.url, 'GET', '/logs', {
      token,
    });
    const read = body.logs.filter(({ action, token: by }) => action === 'view_key' && by === 'web');
    expect(read.length).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await vault.dispose();
  }
});
