import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { requireSealsLines } from '../../core/settings/require-seals.ts';
import { oldKeys, sealOld, someUser, someVerifier, writeOld } from '../../testing/v06.ts';
import { ask, type Host, makeHost, runtimes, v06, v06Database, v06Env } from './kit.ts';

const image = inject('image');
const manifest = JSON.parse(readFileSync(join(v06, 'manifest.json'), 'utf8')) as {
  users: { username: string; password: string; role: string; is_active: boolean }[];
  keys: { key_name: string; api_key: string; description: string; owner: string }[];
  access_log_rows: number;
};
let host: Host;

beforeEach(async () => {
  host = await makeHost(image);
});

afterEach(() => host.dispose());

/** Reads everything that v0.6 held over HTTP, as its clients did. */
async function expectAllIsThere(): Promise<void> {
  const { request, signIn } = host;
  const admin = await signIn(
    'ops-admin',
    manifest.users.find(({ username }) => username === 'ops-admin')?.password ?? '',
  );
  const source = new DatabaseSync(v06Database, { readOnly: true });
  const stored = (sql: string) => source.prepare(sql).all() as Record<string, string | number | null>[];
  const iso = (time: unknown) => (time === null ? null : `${String(time).replace(' ', 'T')}.000Z`);

  // The log first: every request below adds to it. Its newest entry is the sign-in above.
  const log: Record<string, unknown>[] = [];
  for (let before = ''; ; ) {
    const { logs } = (await request('GET', `/logs?limit=500${before}`, admin)).json;
    log.push(...logs);
    if (logs.length < 500) break;
    before = `&before=${logs.at(-1).id}`;
  }
  const old = stored('SELECT * FROM access_log ORDER BY id DESC');
  expect(old.length).toBe(manifest.access_log_rows);
  expect(log.filter(({ id }) => Number(id) <= old.length)).toMatchObject(
    old.map(({ id, user_name, key_name, action, timestamp, ip_address, user_agent, success }) => ({
      ...{ id, user_name, key_name, action, ip_address, user_agent, success: success === 1, timestamp: iso(timestamp) },
    })),
  );

  const { users } = (await request('GET', '/users', admin)).json;
  const oldUsers = stored('SELECT * FROM users ORDER BY id');
  expect(users).toMatchObject(
    manifest.users.map(({ username, role, is_active, password }, index) => ({
      ...{ username, role, is_active, id: oldUsers[index]?.id, created_at: iso(oldUsers[index]?.created_at) },
      must_change_password: password === 'admin123' || password === 'user123',
      key_count: manifest.keys.filter(({ owner }) => owner === username).length,
    })),
  );

  const oldTimes = new Map(stored('SELECT * FROM api_keys').map((row) => [row.key_name, row]));
  for (const { username, password, is_active } of manifest.users) {
    const body = { username, password };
    const { status, json } = await request('POST', '/auth/login', undefined, body);
    if (!is_active) {
      expect(status).toBe(401);
      continue;
    }
    expect(status, username).toBe(200);
    // Users see their own keys.
    if (json.role === 'admin') continue;
    const own = manifest.keys.filter(({ owner }) => owner === username);
    const listed = (await request('GET', '/keys', json.token)).json.keys;
    expect(listed.map(({ key_name }: { key_name: string }) => key_name).toSorted(byText)).toEqual(
      own.map(({ key_name }) => key_name).toSorted(byText),
    );
    for (const { key_name, api_key, description } of own.slice(0, 2)) {
      const read = await request('GET', `/keys/${encodeURIComponent(key_name)}`, json.token);
      expect(read.json).toMatchObject({ key_name, api_key, description });
    }
  }
  const { keys } = (await request('GET', '/keys', admin)).json;
  for (const { key_name, api_key, description, owner } of manifest.keys) {
    const { json } = await request('GET', `/keys/${encodeURIComponent(key_name)}`, admin);
    const { created_at, updated_at } = oldTimes.get(key_name) ?? {};
    expect(json).toMatchObject({
      key_name,
      api_key,
      description,
      created_at: iso(created_at),
      updated_at: iso(updated_at),
    });
    expect(keys.find((each: { key_name: string }) => each.key_name === key_name).created_by).toBe(owner);
  }
  source.close();
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

const summary = /From v0\.6: 8 accounts, 60 keys, 485 log entries\./;

test('restore-data.sh OLD.db on a new machine moves everything in, once', async () => {
  const { code, output } = await host.script('restore-data.sh', v06Database, '--yes');
  expect(output).toMatch(summary);
  expect(output).toMatch(/"admin" has a default password and is marked to change it/);
  expect(output).toMatch(/"user" has a default password and is marked to change it/);
  expect(output).not.toMatch(/not moved/);
  expect(code).toBe(0);
  expect(readFileSync(host.envFile, 'utf8')).toBe(readFileSync(v06Env, 'utf8') + requireSealsLines);
  await expectAllIsThere();

  const started = await ask('inspect', '-f', '{{.State.StartedAt}}', host.container);
  const again = await host.script('restore-data.sh', v06Database, '--yes');
  expect([again.code, again.output]).toEqual([0, expect.stringMatching(/has moved in already. Nothing was changed/)]);
  expect(await ask('inspect', '-f', '{{.State.StartedAt}}', host.container)).toBe(started);
  expect((await host.script('check-data.sh')).output).toMatch(/every value opens/);
});

/** Makes a volume of v0.6, whose files belong to root. */
async function putInVolume(file: string): Promise<void> {
  const folder = join(host.folder, 'for the volume');
  mkdirSync(folder);
  copyFileSync(file, join(folder, 'keystore.db'));
  const args = ['--user', '0', '-v', `${host.volume}:/app/data`, '-v', `${folder}:/from:ro`, '--entrypoint', 'sh'];
  await ask(
    'run',
    '--rm',
    ...args,
    image,
    '-c',
    'cp /from/keystore.db /app/data && chown -R 0:0 /app/data && chmod 755 /app/data',
  );
}

test.each(runtimes)('%s: the first start with the volume and .env of v0.6 moves everything in', async (runtime) => {
  await host.dispose();
  host = await makeHost(image, runtime);
  await putInVolume(v06Database);
  copyFileSync(v06Env, host.envFile);
  const { code, output } = await host.script('build-and-run.sh');
  expect(output).toMatch(/Sign in with your account/);
  expect(code).toBe(0);
  // In the log of the container, or in the output of the script if it prepares the data.
  const told = async () => output + (await host.script('logs.sh', '--no-follow')).output;
  expect(await told()).toMatch(/Found \/app\/data\/keystore\.db of v0\.6\. Moving in\./);
  expect(await told()).toMatch(summary);
  await expectAllIsThere();
  expect((await host.inside('ls', '/app/data')).output).toBe(
    'keystore.v06.db\nmoved-in.txt\nv3\nvault.json\nvault.lock\n',
  );
  await ask('restart', host.container);
  await host.healthy();
  expect((await told()).match(/Moving in/g)?.length).toBe(1);
  expect((await host.script('stop-and-rebuild.sh')).code).toBe(0);
  expect((await host.request('GET', '/keys', await host.signIn('alice', 'pw-qccq4dgw8up9'))).json.keys.length).toBe(
    manifest.keys.filter(({ owner }) => owner === 'alice').length,
  );
});

test('a first start with new keys changes nothing, and one with the old keys then works', async () => {
  await putInVolume(v06Database);
  await host.script('generate-keys.sh');
  const { code, output } = await host.script('build-and-run.sh');
  expect(output).toMatch(/None of the 60 values opens with this ENCRYPTION_KEY/);
  expect(code).toBe(1);
  await host.script('stop-and-clean.sh', '--keep-data');
  copyFileSync(v06Env, host.envFile);
  expect((await host.script('build-and-run.sh')).code).toBe(0);
  expect((await host.request('GET', '/keys', await host.signIn('admin', 'admin123'))).json.keys.length).toBe(60);
});

test('a container of v0.6 is replaced and keeps its volume, whatever the name', async () => {
  await putInVolume(v06Database);
  copyFileSync(v06Env, host.envFile);
  await ask(
    'run',
    '-d',
    '--name',
    host.container,
    '-v',
    `${host.volume}:/app/data`,
    '--init',
    'debian:bookworm-slim',
    'sleep',
    '600',
  );
  const { KEYSTORE_VOLUME: _, ...env } = host.env;
  host.env = env;
  const refused = await host.script('backup-data.sh');
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringMatching(/not made by this version.*stop-and-rebuild\.sh/),
  ]);
  const { code, output } = await host.script('stop-and-rebuild.sh');
  expect(output).toContain(`export KEYSTORE_VOLUME=${host.volume}`);
  expect(code).toBe(0);
  expect((await host.request('GET', '/keys', await host.signIn('admin', 'admin123'))).json.keys.length).toBe(60);
});

// The programs that move them in are the same for both runtimes. This one starts sooner.
describe('generated databases', () => {
  const env = `SECRET_KEY=${oldKeys.SECRET_KEY}\nENCRYPTION_KEY=${oldKeys.ENCRYPTION_KEY}\n`;
  let file: string;

  beforeEach(async () => {
    await host.dispose();
    host = await makeHost(image, 'standalone');
    file = join(host.folder, '-old keystore.db');
    writeFileSync(join(host.folder, 'old.env'), env);
  });

  const restore = () => host.script('restore-data.sh', file, '--env', join(host.folder, 'old.env'), '--yes');

  test('a row that cannot be moved is named, and the exit status is 2', async () => {
    const value = 'a value with\nlines and \u0000 and 🔑';
    writeOld(file, {
      users: [someUser, { ...someUser, username: 'Admin' }],
      api_keys: [
        ...['good', 'two\nlines', '..'].map((key_name) => ({ key_name, encrypted_value: sealOld(value), owner_id: 1 })),
        { key_name: 'lost', encrypted_value: 'gAAAAAB', owner_id: 1, created_by: 'admin' },
      ],
    });
    const { code, output } = await restore();
    expect(output).toMatch(/not moved: the key "lost" of "admin": its value does not open/);
    expect(output).toMatch(/note: The key "two\\nlines" is now "two_lines"/);
    expect(output).toMatch(/note: The accounts "admin" and "Admin" look alike; both were moved/);
    expect(output).toMatch(/Not everything could be moved/);
    expect(code).toBe(2);
    await host.healthy();
    expect((await host.script('check-data.sh')).output).toMatch(/Keys {9}3 in 3 versions, every value opens/);
    expect((await host.inside('cat', '/app/data/moved-in.txt')).output).toMatch(/not moved: the key "lost"/);
  });

  test('10,000 keys and 100,000 log entries', async () => {
    writeOld(file, {
      users: [someUser, { username: 'bulk', password_hash: someVerifier, role: 'user' }],
      api_keys: Array.from({ length: 10_000 }, (_, index) => ({
        ...{ key_name: `key ${index}`, encrypted_value: sealOld(`value ${index} ${'x'.repeat(100)}`) },
        ...{ owner_id: 1 + (index % 2), created_by: 'admin', description: 'one of many' },
      })),
      access_log: Array.from({ length: 100_000 }, (_, index) => ({
        ...{ user_id: 1, user_name: 'admin', key_name: `key ${index % 10_000}`, action: 'view_key' },
        ...{ ip_address: '10.0.0.1', user_agent: 'curl/8.5', success: 1 },
      })),
    });
    const started = Date.now();
    const { code, output } = await restore();
    console.log(
      `${output}All of it, with questions, stops and starts: ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
    expect(code).toBe(0);
    expect(output).toMatch(/10000 keys, 100000 log entries/);
    expect(output).toMatch(/Log: 50000 of 100000 entries/);
    expect(Number(/at most (\d+) MB/.exec(output)?.[1])).toBeLessThan(400);
    const check = await host.script('check-data.sh');
    expect(check.output).toMatch(/10000 in 10000 versions, every value opens/);
    const backup = await host.script('backup-data.sh');
    expect(backup.output).toMatch(/10000 keys .*every value was opened/);
  });
});
