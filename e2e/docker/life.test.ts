import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ask, backupsOf, docker, type Host, keepWriting, makeHost, project, run, runtimes } from './kit.ts';

const image = inject('image');

describe.each(runtimes)('%s', (runtime) => {
  let host: Host;
  let token: string;

  beforeAll(async () => {
    host = await makeHost(image, runtime);
    await host.script('generate-keys.sh');
    expect((await host.script('build-and-run.sh')).code).toBe(0);
    token = await host.signIn('admin', 'admin123');
  });

  afterAll(() => host.dispose());

  const names = async (): Promise<string[]> =>
    (await host.request('GET', '/keys', token)).json.keys.map(({ key_name }: { key_name: string }) => key_name);

  /** A vault makes the key of its log when it first seals it: within a minute, or at once if it is asked to. */
  const seal = async () => {
    const headers = { Authorization: `Bearer ${token}` };
    expect((await fetch(`${host.url}/logs/checkpoint`, { method: 'POST', headers })).status).toBe(200);
  };

  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  test('build-and-run leaves an existing container alone', async () => {
    const started = await ask('inspect', '-f', '{{.State.StartedAt}}', host.container);
    const { code, output } = await host.script('build-and-run.sh');
    expect([code, output]).toEqual([1, expect.stringMatching(/exists already.*stop-and-rebuild\.sh/)]);
    expect(await ask('inspect', '-f', '{{.State.StartedAt}}', host.container)).toBe(started);
  });

  test('kill -9 under load loses no acknowledged write', async () => {
    const writers = ['a', 'b', 'c', 'd'].map((prefix) => keepWriting(host, token, `killed-${prefix}`));
    await expect.poll(() => writers.every(({ acknowledged }) => acknowledged.length > 20)).toBe(true);
    process.kill(Number(await ask('inspect', '-f', '{{.State.Pid}}', host.container)), 'SIGKILL');
    await delay(300);
    await host.healthy();
    for (const writer of writers) await writer.stop();
    const acknowledged = writers.flatMap((writer) => writer.acknowledged);
    const found = new Set(await names());
    expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
    const last = acknowledged.at(-1) as string;
    expect((await host.request('GET', `/keys/${last}`, token)).json.api_key).toBe(`value of ${last}`);
  });

  test('stop-and-rebuild keeps all data, and sessions', async () => {
    const before = await names();
    const id = await ask('inspect', '-f', '{{.Id}}', host.container);
    const { code, output } = await host.script('stop-and-rebuild.sh');
    expect([code, output]).toEqual([0, expect.stringMatching(/Keystore is up/)]);
    expect(await ask('inspect', '-f', '{{.Id}}', host.container)).not.toBe(id);
    expect(await names()).toEqual(before);
  });

  describe('backup-data', () => {
    test('during writes contains everything that was acknowledged before it began', async () => {
      await seal();
      const writers = ['a', 'b', 'c'].map((prefix) => keepWriting(host, token, `backup-${prefix}`));
      await delay(1_500);
      const before = writers.flatMap((writer) => [...writer.acknowledged]);
      const { code, output } = await host.script('backup-data.sh');
      const during = writers.flatMap((writer) => writer.acknowledged).length - before.length;
      for (const writer of writers) await writer.stop();
      expect(output).toMatch(/every value was opened/);
      expect(code).toBe(0);
      expect(during).toBeGreaterThan(10);
      const [file = ''] = backupsOf(host);
      expect(file).toMatch(/keystore_backup_\d{8}T\d{6}Z\.db$/);
      const database = new DatabaseSync(file, { readOnly: true });
      const found = new Set(
        database
          .prepare('SELECT name FROM secrets')
          .all()
          .map(({ name }) => name),
      );
      expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      database.close();
      expect(before.filter((name) => !found.has(name))).toEqual([]);
      expect(readdirSync(host.backups).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
        expect.stringMatching(/^\.env_backup_\d{8}T\d{6}Z\.txt$/),
        expect.stringMatching(/^keystore_backup_\d{8}T\d{6}Z\.checkpoint$/),
        expect.stringMatching(/^keystore_backup_\d{8}T\d{6}Z\.db$/),
      ]);
      for (const name of readdirSync(host.backups)) expect(mode(join(host.backups, name))).toBe('600');
      expect(mode(host.backups)).toBe('700');
      const env = file.replace(/keystore_backup_(.*)\.db/, '.env_backup_$1.txt');
      expect(readFileSync(env)).toEqual(readFileSync(host.envFile));
      // No container of the backup is left, and the data folder is unchanged.
      expect(await ask('ps', '-aq', '--filter', `volume=${host.volume}`)).toMatch(/^\w+$/);
      expect((await host.inside('ls', '/app/data')).output).toBe('v3\nvault.json\nvault.lock\n');
    });

    test('takes --keep and --no-env, and works with a stopped container', async () => {
      await ask('stop', host.container);
      const { code, output } = await host.script('backup-data.sh', '--no-env');
      expect([code, output]).toEqual([0, expect.stringMatching(/does not contain the keys/)]);
      expect(backupsOf(host).length).toBe(2);
      expect(readdirSync(host.backups).length).toBe(5);
      const second = await host.script('backup-data.sh', '--keep', '1');
      expect(second.output.match(/Removed/g)?.length).toBe(2);
      // One backup with its .env, and the checkpoints of all three.
      expect(readdirSync(host.backups).length).toBe(5);
      expect((await host.script('backup-data.sh', '--keep', '0')).code).toBe(1);
      await ask('start', host.container);
      await host.healthy();
    });

    test('makes no backup with the wrong keys', async () => {
      const before = readdirSync(host.backups);
      const wrong = await makeHost(image, runtime);
      await wrong.script('generate-keys.sh');
      const env = { ...host.env, KEYSTORE_ENV: wrong.envFile };
      const { code, output } = await run('bash', [join(project, 'HelperScripts/backup-data.sh')], { env });
      expect(output).toMatch(/fingerprint [0-9a-f]{16}, but this vault is sealed with the key [0-9a-f]{16}/);
      expect(code).toBe(1);
      expect(readdirSync(host.backups)).toEqual(before);
      await wrong.dispose();
    });
  });

  test('check-data reports the state and shows no secrets', async () => {
    const { code, output } = await host.script('check-data.sh');
    console.log(output);
    expect(code).toBe(0);
    expect(output).toMatch(/healthy/);
    expect(output).toMatch(/Keys {9}\d+ in \d+ versions, every value opens/);
    expect(output).toMatch(/Sealed with {2}key [0-9a-f]{16}/);
    expect(output).toMatch(/Last backup {2}keystore_backup_\d{8}T\d{6}Z\.db, 0 hours ago/);
    for (const secret of host.secrets()) expect(output).not.toContain(secret);
  });

  test('logs shows the output of the container', async () => {
    const { code, output } = await host.script('logs.sh', '--no-follow');
    expect([code, output]).toEqual([0, expect.stringMatching(/Keystore is up/)]);
  });

  // Archiving is the same program in both images; stopping and starting is quicker here.
  test.runIf(runtime === 'standalone')(
    'archive-logs moves old entries to a file, and verify-audit knows the rest',
    async () => {
      const asAdmin = (method: string, path: string) => host.request(method, path, token);
      await ask('stop', host.container);
      // The log becomes ten days older than it is, and is not sealed yet.
      const age = `
        const { locateFiles, openDatabase } = await import('/app/box/data/database.ts');
        const database = openDatabase(locateFiles('/app', '/app/data'));
        const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'audit_events_are_never_changed'").get();
        database.exec('DROP TRIGGER audit_events_are_never_changed; DELETE FROM log_tiles; DELETE FROM log_tree');
        database.exec('UPDATE audit_events SET at = at - 864000000;' + sql);`;
      const node = ['--entrypoint', 'node', '--user', '1000:1000', '-v', `${host.volume}:/app/data`, host.programs];
      await ask('run', '--rm', '--network', 'none', ...node, '--input-type=module', '-e', age);
      await ask('start', host.container);
      await host.healthy();
      const aged = (await asAdmin('GET', '/logs?limit=1')).json.logs[0].id;
      await seal();

      const week = new Date(Date.now() - 7 * 86_400_000).toISOString().slice(0, 10);
      const { code, output } = await host.script('archive-logs.sh', '--before', week, '--yes');
      expect([code, output]).toEqual([
        0,
        expect.stringMatching(/Deleted the log entries 1 to \d+, and kept their hashes/),
      ]);
      const archive = join(host.backups, `keystore_log_1-${aged}.jsonl`);
      expect(mode(archive)).toBe('600');
      // The container runs again, without the entries.
      const { logs } = (await asAdmin('GET', '/logs?action=archive_log')).json;
      expect(logs).toMatchObject([{ target: `1 to ${aged}`, reason: expect.stringMatching(/^signed /) }]);
      expect((await asAdmin('GET', '/logs/verify')).json.wrong).toBeNull();

      expect((await host.script('backup-data.sh', '--no-env')).code).toBe(0);
      const [backup = ''] = backupsOf(host).toReversed();
      const note = backup.replace(/db$/, 'checkpoint');
      const args = [backup, '--checkpoints', note, '--archives', host.backups];
      const whole = await host.script('verify-audit.sh', '--docker', ...args);
      expect([whole.code, whole.output]).toEqual([
        0,
        expect.stringMatching(/^verified: \d+ events.* 0 not sealed yet$/m),
      ]);
      // What is gone is not archived only because a row says so.
      const forged = join(host.folder, 'forged.db');
      copyFileSync(backup, forged);
      {
        using database = new DatabaseSync(forged);
        database.exec(`UPDATE log_tree SET archived = ${aged + 2}; DELETE FROM audit_events WHERE id <= ${aged + 2}`);
      }
      const found = await host.script('verify-audit.sh', '--docker', forged);
      expect([found.code, found.output]).toEqual([
        1,
        expect.stringMatching(`events ${aged + 1} to ${aged + 2}: missing`),
      ]);
      rmSync(backup);
    },
  );

  test('a deleted vault is restored from its backup to a new volume', async () => {
    const before = await names();
    const backup = await host.script('backup-data.sh');
    expect(backup.code).toBe(0);
    const file = backupsOf(host).at(-1) as string;

    const asked = await host.script('stop-and-clean.sh');
    expect([asked.code, asked.output]).toEqual([1, expect.stringMatching(/pass --yes.*Nothing was changed/)]);
    await host.healthy();
    expect((await host.script('stop-and-clean.sh', '--keep-data')).output).toMatch(/with your data was kept/);
    expect((await docker('volume', 'inspect', host.volume)).code).toBe(0);
    expect((await host.script('stop-and-clean.sh', '--yes')).output).toMatch(/Deleted the volume/);
    expect((await docker('volume', 'inspect', host.volume)).code).toBe(1);
    const keys = readFileSync(host.envFile);
    rmSync(host.envFile);

    const unasked = await host.script('restore-data.sh', file);
    expect([unasked.code, unasked.output]).toEqual([1, expect.stringMatching(/pass --yes/)]);
    const { code, output } = await host.script('restore-data.sh', file, '--yes');
    expect(output).toMatch(/The backup is intact: 2 accounts, \d+ keys/);
    expect(output).toMatch(/A value opens/);
    expect(code).toBe(0);
    expect(readFileSync(host.envFile)).toEqual(keys);
    // A restore ends all sessions.
    expect((await host.request('GET', '/keys', token)).status).toBe(401);
    token = await host.signIn('admin', 'admin123');
    expect(await names()).toEqual(before);
    expect(existsSync(`${host.envFile}.partial`)).toBe(false);
  });

  test('reset-admin sets a new password, and ends the sessions of before', async () => {
    const before = await host.signIn('admin', 'admin123');
    const { code, output } = await run('bash', [join(project, 'HelperScripts/reset-admin.sh')], {
      env: host.env,
      input: 'a new pass phrase\n',
    });
    expect([code, output]).toEqual([0, expect.stringMatching(/"admin" has the new password/)]);
    expect((await host.request('GET', '/keys', before)).status).toBe(401);
    const token = await host.signIn('admin', 'a new pass phrase');
    const { logs } = (await host.request('GET', '/logs?action=reset_admin', token)).json;
    expect(logs).toMatchObject([{ action: 'reset_admin', target: 'admin', user_name: null, success: true }]);
  });
});
