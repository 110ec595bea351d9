import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ask, backupsOf, docker, type Host, launch, makeHost, project, run, runtimes } from './kit.ts';

const image = inject('image');
/**
 * The calls of docker during which the script is killed: while it checks the file, and at each later step. Between the first and the
 * last step, script and programs do the same for both runtimes, so the one that starts quickly stands for both.
 */
const moments = {
  wrangler: [/restore\.ts stage/, /^start /],
  standalone: [/restore\.ts stage/, /restore\.ts next confirmed/, /restore\.ts env/, /^start /],
};

/** What a vault can hold: its only key, and a backup with the env file beside it. */
interface Held {
  key: string;
  backup: string;
  env: string;
}

describe.each(runtimes)('%s', (runtime) => {
  /** A vault, what it held at first, and what another vault with other keys held. Each test restores what is not there now. */
  let host: Host;
  const held: Held[] = [];

  beforeAll(async () => {
    const other = await makeHost(image, runtime);
    host = await makeHost(image, runtime);
    mkdirSync(join(host.folder, 'given'));
    for (const [index, [each, name]] of (
      [
        [host, 'mine'],
        [other, 'theirs'],
      ] as const
    ).entries()) {
      await each.script('generate-keys.sh');
      expect((await each.script('build-and-run.sh')).code).toBe(0);
      const token = await each.signIn('admin', 'admin123');
      await each.request('POST', '/keys', token, { key_name: name, api_key: `value of ${name}` });
      expect((await each.script('backup-data.sh')).code).toBe(0);
      const [made = ''] = backupsOf(each);
      const backup = join(host.folder, `given/keystore_backup_2025010${index + 1}_000000.db`);
      const env = join(host.folder, `given/.env_backup_2025010${index + 1}_000000.txt`);
      writeFileSync(backup, readFileSync(made));
      writeFileSync(env, readFileSync(each.envFile));
      held.push({ key: name, backup, env });
    }
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

  /** What the vault holds now, and what it does not. */
  async function sides(): Promise<{ here: Held; there: Held }> {
    const names = await keyNames();
    const [here, there] = held.toSorted((a) => (names.includes(a.key) ? -1 : 1)) as [Held, Held];
    expect(names).toEqual([here.key]);
    return { here, there };
  }

  test('a damaged or foreign file is refused while the vault keeps serving', async () => {
    const { here, there } = await sides();
    const whole = readFileSync(there.backup);
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
    expect(await keyNames()).toEqual([here.key]);
  });

  test('a restore replaces database and keys, and keeps the old ones', async () => {
    const { there } = await sides();
    const keys = readFileSync(host.envFile);
    const { code, output } = await host.script('restore-data.sh', there.backup, '--yes');
    console.log(output);
    expect(code).toBe(0);
    expect(await keyNames()).toEqual([there.key]);
    expect(readFileSync(host.envFile)).toEqual(readFileSync(there.env));
    const [, kept = ''] = /kept as (\S+before-restore-\S+)\.db/.exec(output) ?? [];
    expect(readFileSync(`${host.envFile}.${kept.split('/').at(-1)}`)).toEqual(keys);
    expect((await host.inside('ls', '/app/data')).output).toMatch(/^(before-restore-\d+_\d+\.db\n)+v3\n/);
  });

  /** Interrupts a restore between database and env file. Returns what is pending. */
  async function interrupt(): Promise<Held> {
    const { there } = await sides();
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
    const [env, database] = [readFileSync(there.env), readFileSync(there.backup)];
    const sizes = [env.length, database.length, 0, 0].map(String);
    expect((await step(['stage', ...sizes], Buffer.concat([env, database]))).code).toBe(0);
    expect((await step(['next', 'confirmed'])).output).toMatch(/"next":"write-env"/);
    expect(readFileSync(host.envFile)).toEqual(own);
    return there;
  }

  async function expectFinished({ key, env }: Held): Promise<void> {
    expect(readFileSync(host.envFile)).toEqual(readFileSync(env));
    expect(await keyNames()).toEqual([key]);
  }

  test('after an interruption between database and env file, no vault runs with a mixed pair, and --finish completes the restore', async () => {
    const pending = await interrupt();
    await ask('start', host.container);
    const said = () => ask('logs', '--tail', '40', host.container);
    await expect.poll(said, { timeout: 30_000 }).toMatch(/HelperScripts\/restore-data\.sh --finish/);
    if (runtime === 'wrangler') {
      // It uses the pending keys, which fit the database.
      await host.healthy();
      expect(await keyNames()).toEqual([pending.key]);
    }
    expect((await host.script('check-data.sh')).output).toMatch(/restore-data\.sh --finish/);
    expect((await host.script('backup-data.sh')).code).toBe(0);

    expect((await host.script('restore-data.sh', '--finish')).code).toBe(0);
    await expectFinished(pending);
    expect((await host.inside('sh', '-c', 'ls -d /app/data/restore 2>&1')).output).toMatch(/No such file/);
  });

  if (runtime === 'standalone') {
    test('a new container completes an interrupted restore, env file included', async () => {
      const pending = await interrupt();
      const rebuilt = await host.script('stop-and-rebuild.sh');
      expect([rebuilt.code, rebuilt.output]).toEqual([0, expect.stringMatching(/Carried out a restore/)]);
      await expectFinished(pending);
    });
  }

  /** The environment with a docker in front of the real one that does `special`, a line of shell, for each call first. */
  async function withDocker(special: string): Promise<Record<string, string>> {
    const bin = mkdtempSync(join(host.folder, 'bin-'));
    const real = (await run('which', ['docker'])).output.trim();
    writeFileSync(join(bin, 'docker'), `#!/bin/bash\nreal=${real}\n${special}\nexec "$real" "$@"\n`);
    chmodSync(join(bin, 'docker'), 0o755);
    return { ...host.env, PATH: `${bin}:${host.env.PATH}` };
  }

  test('kill -9 of the script at any step, then --finish, leaves the old pair or the new one', async () => {
    const outcomes: string[] = [];
    for (const moment of moments[runtime]) {
      const { here, there } = await sides();
      const own = readFileSync(host.envFile);
      // Docker goes on with the call whose client is killed.
      const env = await withDocker(
        `if [[ "$*" =~ ${moment.source.replaceAll(' ', '\\ ')} ]]; then "$real" "$@" & sleep 0.5; kill -9 0; fi`,
      );
      const child = launch('bash', [join(project, 'HelperScripts/restore-data.sh'), there.backup, '--yes'], { env });
      child.stdin?.end();
      child.stdout?.resume();
      child.stderr?.resume();
      const [, signal] = await once(child, 'close');
      expect([moment, signal]).toEqual([moment, 'SIGKILL']);
      // Containers that the script started end on their own, once Docker has started them.
      await delay(1_000);
      const running = () => ask('ps', '--filter', `volume=${host.volume}`, '--format', '{{.Names}}');
      await expect.poll(running, { timeout: 30_000 }).toMatch(new RegExp(`^(${host.container})?$`));
      const finished = await host.script('restore-data.sh', '--finish');
      expect([finished.code, finished.output]).toEqual([0, expect.stringMatching(/A value opens/)]);
      const names = await keyNames();
      expect([[here.key], [there.key]]).toContainEqual(names);
      outcomes.push(names.includes(there.key) ? 'new' : 'old');
      expect(readFileSync(host.envFile)).toEqual(names.includes(there.key) ? readFileSync(there.env) : own);
    }
    console.log(`Killed at ever later steps: ${outcomes.join(', ')}.`);
    expect(outcomes.at(0)).toBe('old');
    expect(outcomes.at(-1)).toBe('new');
  }, 400_000);

  test('a restored vault that does not start is rolled back', async () => {
    const { here, there } = await sides();
    const keys = readFileSync(host.envFile);
    const failed = join(host.folder, 'start has failed');
    const env = await withDocker(
      `if [ "$1" = start ] && [ ! -e "${failed}" ]; then touch "${failed}"; echo refused >&2; exit 1; fi`,
    );
    const script = join(project, 'HelperScripts/restore-data.sh');
    const { code, output } = await run('bash', [script, there.backup, '--yes'], { env });
    expect([code, output]).toEqual([1, expect.stringMatching(/The vault is as it was before/)]);
    expect(readFileSync(host.envFile)).toEqual(keys);
    await host.healthy();
    expect(await keyNames()).toEqual([here.key]);
    expect((await docker('exec', host.container, 'ls', '/app/data/restore')).code).not.toBe(0);
  });
});
