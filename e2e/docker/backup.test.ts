/** What backup-data.sh writes, restore-data.sh takes: for env files in several forms, on a machine that has nothing else. */
import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, inject, test } from 'vitest';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { ask, backupsOf, type Host, makeHost, runtimes } from './kit.ts';

const image = inject('image');
const password = 'correct horse';
let hosts: Host[] = [];

afterEach(async () => {
  for (const host of hosts) await host.dispose();
  hosts = [];
});

async function freshHost(runtime: 'wrangler' | 'standalone'): Promise<Host> {
  const host = await makeHost(image, runtime);
  hosts.push(host);
  return host;
}

async function makeKeys(host: Host): Promise<Record<string, string>> {
  expect((await host.script('generate-keys.sh')).code).toBe(0);
  return { ...parseEnvFile(readFileSync(host.envFile, 'utf8'), '.env'), ADMIN_PASSWORD: password };
}

async function addKey(host: Host): Promise<void> {
  await host.healthy();
  const token = await host.signIn('admin', password);
  expect((await host.request('POST', '/keys', token, { key_name: 'first', api_key: 'value' })).status).toBe(201);
}

/** Backs one host up and restores that on another, which has no env file. */
async function moveTo(target: Host, from: Host): Promise<void> {
  const made = await from.script('backup-data.sh');
  expect([made.code, made.output]).toEqual([0, expect.stringContaining('every value was opened')]);
  const restored = await target.script('restore-data.sh', backupsOf(from)[0] ?? '', '--yes');
  expect([restored.code, restored.output]).toEqual([0, expect.stringContaining('A value opens: that of "first"')]);
  const token = await target.signIn('admin', password);
  expect((await target.request('GET', '/keys/first', token)).json.api_key).toBe('value');
}

const forms: Record<string, (keys: Record<string, string>) => string> = {
  'quotes, export and line ends of Windows': (keys) =>
    `\uFEFF${Object.entries(keys)
      .map(([name, value]) => `export\t${name} = "${value}" # "${name}"\r\n`)
      .join('')}`,
  'line ends of old Macs and several lines': (keys) =>
    `${Object.entries(keys)
      .map(([name, value]) => `${name}='${value}'\r`)
      .join('')}OTHER="\r#1\r"\r`,
};

test.each(Object.keys(forms))('an env file with %s', async (form) => {
  const [from, to] = [await freshHost('standalone'), await freshHost('standalone')];
  writeFileSync(from.envFile, (forms[form] as (keys: Record<string, string>) => string)(await makeKeys(from)));
  expect((await from.script('build-and-run.sh')).code).toBe(0);
  await addKey(from);
  await moveTo(to, from);
  expect(readFileSync(to.envFile)).toEqual(readFileSync(from.envFile));
});

test.each(runtimes)(
  '%s: an env file that is a link: the link stays, and so do owner and mode of its file',
  async (runtime) => {
    const [from, to] = [await freshHost(runtime), await freshHost(runtime)];
    for (const host of [from, to]) {
      const keys = await makeKeys(host);
      mkdirSync(join(host.folder, 'real'));
      const file = join(host.folder, 'real/keys');
      writeFileSync(
        file,
        Object.entries(keys)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
        { mode: 0o640 },
      );
      rmSync(host.envFile);
      symlinkSync('real/keys', host.envFile);
      expect((await host.script('build-and-run.sh')).code).toBe(0);
    }
    const file = join(to.folder, 'real/keys');
    const before = statSync(file);
    await addKey(from);
    await moveTo(to, from);
    expect(lstatSync(to.envFile).isSymbolicLink()).toBe(true);
    expect(readFileSync(file)).toEqual(readFileSync(from.envFile));
    expect(statSync(file)).toMatchObject({ uid: before.uid, gid: before.gid, mode: before.mode });
  },
);

test.each(runtimes)(
  '%s: keys that only the container has, in a mounted file and in its environment',
  async (runtime) => {
    const [from, to] = [await freshHost(runtime), await freshHost(runtime)];
    const keys = await makeKeys(from);
    const sealing = join(from.folder, 'sealing key');
    writeFileSync(sealing, `${keys.ENCRYPTION_KEY}\n`, { mode: 0o644 });
    writeFileSync(from.envFile, `ENCRYPTION_KEY_FILE=/run/secrets/sealing\nADMIN_PASSWORD='${password}'\n`);
    const { uid, gid } = statSync(from.envFile);
    const mounts = [`${from.envFile}:/run/secrets/keystore_env:ro`, `${sealing}:/run/secrets/sealing:ro`];
    await ask(
      ...[
        'run',
        '-d',
        '--name',
        from.container,
        '--user',
        `${uid || 1000}:${gid || 1000}`,
        '-e',
        `SECRET_KEY=${keys.SECRET_KEY}`,
      ],
      ...['-v', `${from.volume}:/app/data`, ...mounts.flatMap((mount) => ['-v', mount])],
      ...['-p', `127.0.0.1:${new URL(from.url).port}:5000`, from.image],
    );
    await addKey(from);
    const check = await from.script('check-data.sh');
    expect([check.code, check.output]).toEqual([0, expect.stringContaining('every value opens')]);
    await moveTo(to, from);
    expect(parseEnvFile(readFileSync(to.envFile, 'utf8'), '.env')).toEqual({ ...keys, REQUIRE_SEALS: 'true' });
  },
);
