/** `npm start` and `npm run start:standalone` under a supervisor that signals npm alone. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { project } from '../testing/disk-vaults.ts';
import { type RunningVault, startVault } from '../testing/vault.ts';

const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

let folder = '';
let vault: RunningVault | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-npm-'));
});
afterEach(async () => {
  await vault?.dispose();
  vault = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** The project's own script, without its build: other tests are running what is built. */
function packageWith(script: string): string {
  const line = script
    .replace('node box/commands/build-standalone.ts && ', '')
    .replaceAll(/(?<= |^)(?:\.\/)?(box|dist)\//g, `${project}/$1/`);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'keystore', scripts: { start: line } }));
  return folder;
}

/** The processes that name a data folder in their arguments or their environment. Linux only. */
function processesOf(dataFolder: string): string[] {
  return globSync('/proc/[0-9]*').filter((folder) => {
    try {
      return ['cmdline', 'environ'].some((file) => readFileSync(join(folder, file), 'utf8').includes(dataFolder));
    } catch {
      return false;
    }
  });
}

const isStandalone = process.env.KEYSTORE_RUNTIME === 'standalone';

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s to npm alone ends the vault', async (signal) => {
  const script = scripts[isStandalone ? 'start:standalone' : 'start'] ?? '';
  const cwd = packageWith(script);
  // npm needs the same Node.js that `npm run` of this project gives to its scripts.
  const env = { PATH: `${join(project, 'node_modules/.bin')}:${process.env.PATH}` };
  vault = await startVault({ command: { line: ['npm', 'start'], cwd }, env });
  const { url } = vault;
  vault.process.kill(signal);
  await expect
    .poll(() =>
      fetch(`${url}/health/live`).then(
        (answer) => answer.status,
        () => 'gone',
      ),
    )
    .toBe('gone');
  await expect.poll(() => processesOf(vault?.data ?? '')).toEqual([]);
});
