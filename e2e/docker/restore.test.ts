import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ask, backupsOf, docker, type Host, launch, makeHost, project, run, runtimes } from './kit.ts';

const image = inject('image');
/** When the script is killed, in ms: before it does anything, during the restore, and after its end (unless it hangs). */
const moments = { wrangler: [200, 1_500, 2_500, 3_500, 60_000], standalone: [200, 1_000, 2_000, 60_000] };

describe.each(runtimes)('%s', (runtime) => {
  /** A vault, and the backup of another one that has other keys. */
  let host: Host;
  let backup: string;
  let otherEnv: string;
  let ownBackup: string;

  beforeAll(async () => {
    const other = await makeHost(image, runtime);
    host = await makeHost(image, runtime);
    for (const [each, name] of [
      [other, 'theirs'],
      [host, 'mine'],
    ] as const) {
      await each.script('generate-keys.sh');
      expect((await each.script('build-and-run.sh')).code).toBe(0);
      const token = await each.signIn('admin', 'admin123');
      await each.request('POST', '/keys', token, { key_name: name, api_key: `value of ${name}` });
      expect((await each.script('backup-data.sh')).code).toBe(0);
    }
    const [theirs = ''] = backupsOf(other);
    [ownBackup = ''] = backupsOf(host);
    mkdirSync(join(host.folder, 'given'));
    backup = join(host.folder, 'given/keystore_backup_20250101_000000.db');
    otherEnv = join(host.folder, 'given/.env_backup_20250101_000000.txt');
    writeFileSync(backup, readFileSync(theirs));
    writeFileSync(otherEnv, readFileSync(other.envFile));
    await other.dispose();
  });

  afterAll(() => host.dispose());

  async function keyNames(): Promise<string[]> {
    const token = await host.signIn('admin', 'admin123');
    const { keys } = (await host.request('GET', '/keys', token)).json;
    for (const { key_name } of keys) {
      expect((await host.request('GET', `/keys/${key_name}`, token)).json.api_key).toBe(`value of ${key_name}`);
    }
    return keys.map(({ key_name }: { key_name: string }) => key_name);
  }

  /** Restores the vault of this host to its first state. */
  async function bringBack(): Promise<void> {
    expect((await host.script('restore-data.sh', ownBackup, '--yes')).code).toBe(0);
    expect(await keyNames()).toEqual(['mine']);
  }

  test('a damaged or foreign file is refused while the vault keeps serving', async () => {
    const whole = readFileSync(backup);
    const started = await ask('inspect', '-f', '{{.State.StartedAt}}', host.container);
    const files: [string, Uint8Array, RegExp][] = [
      ['-truncated.db', whole.subarray(0, 30_000), /damaged/],
      ['no database.db', Buffer.from('no database '.repeat(1_000)), /not an SQLite database/],
      ['empty.db', new Uint8Array(), /neither a backup/],
      ['wrong key.db', whole, /fingerprint [0-9a-f]{16}, but this vault is sealed with the key [0-9a-f]{16}/],
    ];
    for (const [name, bytes, reason] of files) {
      writeFileSync(join(host.folder, name), bytes);
      const script = join(project, 'HelperScripts/restore-data.sh');
      const { code, output } = await run('bash', [script, name, '--yes'], { env: host.env, cwd: host.folder });
      expect([code, output]).toEqual([1, expect.stringMatching(reason)]);
      expect(output).toMatch(/Nothing was changed/);
    }
    const missing = await host.script('restore-data.sh', '/nowhere/x.db', '--yes');
    expect([missing.code, missing.output]).toEqual([1, expect.stringMatching(/no readable file.*Nothing was changed/)]);
    expect(await ask('inspect', '-f', '{{.State.StartedAt}}', host.container)).toBe(started);
    expect((await host.inside('ls', '/app/data')).output).toBe('v3\nvault.json\nvault.lock\n');
    expect(await keyNames()).toEqual(['mine']);
  });

  test('a restore replaces database and keys, and keeps the old ones', async () => {
    const keys = readFileSync(host.envFile);
    const { code, output } = await host.script('restore-data.sh', backup, '--yes');
    console.log(output);
    expect(code).toBe(0);
    expect(await keyNames()).toEqual(['theirs']);
    expect(readFileSync(host.envFile)).toEqual(readFileSync(otherEnv));
    const [, kept = ''] = /kept as (\S+before-restore-\S+)\.db/.exec(output) ?? [];
    expect(readFileSync(`${host.envFile}.${kept.split('/').at(-1)}`)).toEqual(keys);
    expect((await host.inside('ls', '/app/data')).output).toMatch(/^before-restore-\d+_\d+\.db\nv3\n/);
    await bringBack();
  });

  /** Interrupts a restore between database and env file. Returns the env file that is pending. */
  async function interrupt(): Promise<Buffer> {
    await ask('stop', host.container);
    const own = readFileSync(host.envFile);
    const step = (verb: string[], input: string | Uint8Array = '') => {
      const args = ['run', '--rm', '-i', '--network=none', '--log-driver=none', '--user=1000:1000'];
      const mount = `type=bind,src=${host.envFile},dst=/run/secrets/keystore_env,readonly`;
      const program = [
        '-v',
        `${host.volume}:/app/data`,
        '--mount',
        mount,
        host.programs,
        'box/commands/restore.ts',
        ...verb,
      ];
      return run('docker', [...args, ...program], { input });
    };
    const [env, database] = [readFileSync(otherEnv), readFileSync(backup)];
    const sizes = [env.length, database.length, 0, 0].map(String);
    expect((await step(['stage', ...sizes], Buffer.concat([env, database]))).code).toBe(0);
    expect((await step(['next', 'confirmed'])).output).toMatch(/"next":"write-env"/);
    expect(readFileSync(host.envFile)).toEqual(own);
    return env;
  }

  async function expectFinished(env: Buffer): Promise<void> {
    expect(readFileSync(host.envFile)).toEqual(env);
    expect(await keyNames()).toEqual(['theirs']);
  }

  test('after an interruption between database and env file, no vault runs with a mixed pair, and --finish completes the restore', async () => {
    const env = await interrupt();
    await ask('start', host.container);
    const said = () => ask('logs', '--tail', '40', host.container);
    await expect.poll(said, { timeout: 30_000 }).toMatch(/HelperScripts\/restore-data\.sh --finish/);
    if (runtime === 'wrangler') {
      // It uses the pending keys, which fit the database.
      await host.healthy();
      expect(await keyNames()).toEqual(['theirs']);
    }
    expect((await host.script('check-data.sh')).output).toMatch(/restore-data\.sh --finish/);
    expect((await host.script('backup-data.sh')).code).toBe(0);

    expect((await host.script('restore-data.sh', '--finish')).code).toBe(0);
    await expectFinished(env);
    expect((await host.inside('sh', '-c', 'ls -d /app/data/restore 2>&1')).output).toMatch(/No such file/);
    await bringBack();
  });

  if (runtime === 'standalone') {
    test('a new container completes an interrupted restore, env file included', async () => {
      const env = await interrupt();
      const rebuilt = await host.script('stop-and-rebuild.sh');
      expect([rebuilt.code, rebuilt.output]).toEqual([0, expect.stringMatching(/Carried out a restore/)]);
      await expectFinished(env);
      await bringBack();
    });
  }

  test('kill -9 of the script at any moment, then --finish, leaves the old pair or the new one', async () => {
    const outcomes: string[] = [];
    for (const after of moments[runtime]) {
      const own = readFileSync(host.envFile);
      const child = launch('bash', [join(project, 'HelperScripts/restore-data.sh'), backup, '--yes'], {
        env: host.env,
      });
      child.stdout?.resume();
      child.stderr?.resume();
      const over = new Promise((ended) => child.once('close', ended));
      await Promise.race([over, delay(after)]);
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {
        // It has ended already.
      }
      await over;
      // Containers that the script started end on their own, once Docker has started them.
      await delay(2_000);
      const running = () => ask('ps', '--filter', `volume=${host.volume}`, '--format', '{{.Names}}');
      await expect.poll(running, { timeout: 30_000 }).toMatch(new RegExp(`^(${host.container})?$`));
      const finished = await host.script('restore-data.sh', '--finish');
      expect([finished.code, finished.output]).toEqual([0, expect.stringMatching(/A value opens/)]);
      const names = await keyNames();
      outcomes.push(names.join());
      expect(readFileSync(host.envFile)).toEqual(names.join() === 'theirs' ? readFileSync(otherEnv) : own);
      if (names.join() === 'theirs') await bringBack();
    }
    console.log(`Killed after ever more time: ${outcomes.join(', ')}.`);
    expect(new Set(outcomes)).toEqual(new Set(['mine', 'theirs']));
  }, 400_000);

  test('a restored vault that does not start is rolled back', async () => {
    // A docker whose first `docker start` fails.
    const bin = join(host.folder, 'bin');
    mkdirSync(bin);
    const real = (await run('which', ['docker'])).output.trim();
    writeFileSync(
      join(bin, 'docker'),
      `#!/bin/sh\nif [ "$1" = start ] && [ ! -e "${bin}/failed" ]; then touch "${bin}/failed"; echo refused >&2; exit 1; fi\nexec ${real} "$@"\n`,
    );
    chmodSync(join(bin, 'docker'), 0o755);
    const keys = readFileSync(host.envFile);
    const env = { ...host.env, PATH: `${bin}:${host.env.PATH}` };
    const { code, output } = await run('bash', [join(project, 'HelperScripts/restore-data.sh'), backup, '--yes'], {
      env,
    });
    expect([code, output]).toEqual([1, expect.stringMatching(/The vault is as it was before/)]);
    expect(readFileSync(host.envFile)).toEqual(keys);
    await host.healthy();
    expect(await keyNames()).toEqual(['mine']);
    expect((await docker('exec', host.container, 'ls', '/app/data/restore')).code).not.toBe(0);
  });
});
