/** The command line as npm installs it from a checkout of the repository, which needs no `npm ci` before. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../../core/version.ts';
import { node } from '../../testing/cli.ts';
import { project } from '../../testing/disk-vaults.ts';

test.skipIf(process.env.KEYSTORE_RUNTIME === 'standalone')(
  'npm install --global FOLDER builds it and puts its three names on the PATH',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'keystore-install-'));
    try {
      const checkout = join(folder, 'keystore');
      for (const part of ['package.json', 'box/commands/build-cli.mjs', 'cli', 'core', 'tsconfig.json'])
        cpSync(join(project, part), join(checkout, part), { recursive: true });
      const bin = join(folder, 'prefix/bin');
      mkdirSync(bin, { recursive: true });
      // This test may itself be run by npm, which tells its scripts about another package.
      const own = Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD)/.test(name));
      const env = { ...Object.fromEntries(own), PATH: `${bin}:${process.env.PATH}` };
      const npm = (args: string[]) => spawnSync('npm', args, { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
      const prefix = join(folder, 'prefix');
      const installed = npm(['install', '--global', '--prefix', prefix, '--allow-scripts=keystore', './keystore']);
      expect(installed.status, installed.stderr).toBe(0);
      for (const name of ['keystore', 'git-credential-keystore', 'docker-credential-keystore'])
        expect(realpathSync(join(bin, name))).toBe(realpathSync(join(checkout, 'dist/cli/keystore.mjs')));
      const ran = spawnSync(node, [join(bin, 'keystore'), '--version'], { env, encoding: 'utf8' });
      expect(ran.stdout).toBe(`${version}\n`);
      expect(existsSync(join(checkout, 'node_modules'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
