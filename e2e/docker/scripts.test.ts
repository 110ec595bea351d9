import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type RunningVault, startVault } from '../../testing/vault.ts';
import { backupsOf, type Host, makeHost, project, request, run, v06Database } from './kit.ts';

const image = inject('image');
const folder = join(project, 'HelperScripts');
const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh') && !name.startsWith('lib'));
let host: Host;

beforeAll(async () => {
  host = await makeHost(image);
});

afterAll(() => host.dispose());

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test('the scripts of v0.6 exist, and four more', () => {
  expect(scripts).toEqual([
    ...['archive-logs.sh', 'backup-data.sh', 'build-and-run.sh', 'check-data.sh', 'generate-keys.sh', 'logs.sh'],
    ...['reset-admin.sh', 'restore-data.sh', 'stop-and-clean.sh', 'stop-and-rebuild.sh', 'verify-audit.sh'],
  ]);
  for (const name of scripts) {
    expect(statSync(join(folder, name)).mode & 0o111, name).toBe(0o111);
    expect(readFileSync(join(folder, name), 'utf8')).toMatch(/^#!\/usr\/bin\/env bash\n[\s\S]*\nset -euo pipefail\n/);
    expect(readFileSync(join(folder, name), 'utf8')).not.toMatch(/python/i);
  }
});

test('shellcheck finds nothing', async () => {
  if ((await run('which', ['shellcheck'])).code !== 0) {
    const installed = await run('sh', ['-c', 'apt-get update -qq && apt-get install -y -qq shellcheck']);
    expect(installed.code, installed.output).toBe(0);
  }
  const files = readdirSync(folder).map((name) => join('HelperScripts', name));
  expect(await run('shellcheck', ['-x', '-P', '.', ...files], { cwd: project })).toMatchObject({ code: 0, output: '' });
});

test.each(scripts)('%s --help prints its help text and does nothing; unknown options are rejected', async (name) => {
  const help = await host.script(name, '--help');
  expect([help.code, help.output]).toEqual([0, expect.stringMatching(new RegExp(`^[A-Z][^\\n]+\\n.*  ${name}`, 's'))]);
  const unknown = await host.script(name, '--nonsense');
  // 1 would say that the log is wrong.
  const status = name === 'verify-audit.sh' ? 2 : 1;
  expect([unknown.code, unknown.output]).toEqual([status, expect.stringMatching(/Unknown option: --nonsense/)]);
  expect(readdirSync(host.folder)).toEqual([]);
});

test.each([
  ['8080', '8080'],
  ['8080:5000', '8080'],
  ['127.0.0.1:5000', '127.0.0.1:5000'],
  ['127.0.0.1:8080:5000', '127.0.0.1:8080'],
  ['[::1]:5000', '[::1]:5000'],
])('KEYSTORE_PORT=%s listens at %s of this machine', async (given, port) => {
  const say = '. "$0" && printf "%s" "$published"';
  const { output } = await run('bash', ['-c', say, join(folder, 'lib.sh')], {
    env: { ...host.env, KEYSTORE_PORT: given },
  });
  expect(output).toBe(port);
});

test.each(scripts)('%s rejects an unknown RUNTIME and does nothing', async (name) => {
  const { code, output } = await run('bash', [join(folder, name)], { env: { ...host.env, RUNTIME: 'flask' } });
  expect([code, output]).toEqual([1, 'RUNTIME is "flask". Set it to wrangler or standalone, or leave it out.\n']);
  expect(readdirSync(host.folder)).toEqual([]);
});

test('scripts work from any folder and through links', async () => {
  const linked = join(host.folder, 'a link');
  symlinkSync(project, linked);
  const relative = await run('bash', ['a link/HelperScripts/logs.sh', '--help'], { cwd: host.folder, env: host.env });
  expect([relative.code, relative.output]).toEqual([0, expect.stringMatching(/logs\.sh/)]);
  rmSync(linked);
});

test('generate-keys makes valid keys with mode 0600 under any umask, and never overwrites', async () => {
  const { code, output } = await run('bash', ['-c', 'umask 022; exec "$0"', join(folder, 'generate-keys.sh')], {
    env: host.env,
  });
  expect([code, output]).toEqual([0, expect.stringMatching(/Wrote .*\.env \(mode 0600\)/)]);
  const keys = readFileSync(host.envFile, 'utf8');
  expect(keys).toMatch(/^SECRET_KEY=[A-Za-z0-9+/]{64}$/m);
  expect(keys).toMatch(/^ENCRYPTION_KEY=[A-Za-z0-9_-]{43}=$/m);
  for (const secret of host.secrets()) expect(output).not.toContain(secret);
  expect(mode(host.envFile)).toBe('600');
  const again = await host.script('generate-keys.sh');
  expect([again.code, again.output]).toEqual([1, expect.stringMatching(/exists already/)]);
  expect(readFileSync(host.envFile, 'utf8')).toBe(keys);
  rmSync(host.envFile);
});

describe('a vault without Docker', () => {
  let vault: RunningVault;
  let token: string;
  let env: Record<string, string>;
  const script = (name: string, ...args: string[]) => run('bash', [join(folder, name), ...args], { env });
  const keys = async () =>
    (await request(vault.url, 'GET', '/keys', token)).json.keys.map((key: { key_name: string }) => key.key_name);

  const signIn = async () => {
    const body = { username: 'admin', password: 'admin123' };
    token = (await request(vault.url, 'POST', '/auth/login', undefined, body)).json.token;
  };

  beforeAll(async () => {
    vault = await startVault();
    env = { ...host.env, KEYSTORE_DATA: vault.data, KEYSTORE_ENV: vault.envFile };
    await signIn();
    await request(vault.url, 'POST', '/keys', token, { key_name: 'first', api_key: 'value' });
  });

  afterAll(() => vault.dispose());

  test('can be backed up and checked while it runs, but must be stopped for a restore', async () => {
    const { code, output } = await script('backup-data.sh');
    expect([code, output]).toEqual([0, expect.stringMatching(/1 keys .*every value was opened/)]);
    expect(mode(backupsOf(host)[0] as string)).toBe('600');
    const check = await script('check-data.sh');
    expect([check.code, check.output]).toEqual([
      0,
      expect.stringMatching(/Keys {9}1 in 1 versions, every value opens/),
    ]);
    await request(vault.url, 'POST', '/keys', token, { key_name: 'second', api_key: 'value' });
    const restore = await script('restore-data.sh', backupsOf(host)[0] as string, '--yes');
    expect([restore.code, restore.output]).toEqual([
      1,
      expect.stringMatching(/in use by process \d+.*Stop that first/),
    ]);
    expect(await keys()).toEqual(['first', 'second']);
  });

  test('is restored once it is stopped, and is started as a test', async () => {
    await vault.stop();
    const restored = await script('restore-data.sh', backupsOf(host)[0] as string, '--yes');
    expect(restored.output).toMatch(/A value opens: that of "first"/);
    expect(restored.output).toMatch(/The vault starts and is healthy\. Next: npm start/);
    expect(restored.code).toBe(0);
    vault = await startVault({ folder: vault.folder });
    // A restore ends all sessions.
    await signIn();
    expect(await keys()).toEqual(['first']);
  });

  test('takes a database of v0.6', async () => {
    await vault.stop();
    const moved = await script('restore-data.sh', v06Database, '--yes');
    expect([moved.code, moved.output]).toEqual([
      0,
      expect.stringMatching(/From v0\.6: 8 accounts, 60 keys, 485 log entries/),
    ]);
    vault = await startVault({ folder: vault.folder });
    const body = { username: 'dörte', password: 'pw-ut6zj9dp2esb' };
    expect((await request(vault.url, 'POST', '/auth/login', undefined, body)).status).toBe(200);
    const before = readdirSync(vault.folder).filter((name) => name.startsWith('.env.before-restore'));
    expect(before.length).toBe(1);
  });

  test('beside one in Docker needs --docker or --local', async () => {
    execFileSync('docker', ['volume', 'create', host.volume]);
    const { code, output } = await script('check-data.sh');
    expect([code, output]).toEqual([1, expect.stringMatching(/Choose one with --docker or --local/)]);
    expect((await script('check-data.sh', '--local')).code).toBe(0);
    execFileSync('docker', ['volume', 'rm', host.volume]);
  });

  test('that does not exist cannot be backed up', async () => {
    const empty = join(host.folder, 'empty');
    mkdirSync(empty);
    const nothing = {
      ...env,
      KEYSTORE_DATA: join(empty, 'data'),
      KEYSTORE_ENV: join(empty, '.env'),
      KEYSTORE_BACKUPS: join(empty, 'b'),
    };
    writeFileSync(join(empty, '.env'), readFileSync(vault.envFile));
    const { code, output } = await run('bash', [join(folder, 'backup-data.sh'), '--local'], { env: nothing });
    expect([code, output]).toEqual([1, expect.stringMatching(/There is no vault.*\n.*No backup was made/)]);
    expect(existsSync(join(empty, 'data'))).toBe(false);
    expect(readdirSync(join(empty, 'b'))).toEqual([]);
  });
});
