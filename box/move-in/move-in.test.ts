import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseEnv } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { openValue, parseKeyring } from '../../core/crypto/keyring.ts';
import { passwordCost, verifyPassword } from '../../core/crypto/password.ts';
import { wireAction } from '../../core/vocabulary.ts';
import { type OldRows, oldKeys, sealOld, someUser, someVerifier, writeOld } from '../../testing/v06.ts';
import { checkDatabase } from '../data/check-database.ts';
import { hasMovedIn, type MovedIn, moveIn } from './move-in.ts';

const project = join(import.meta.dirname, '../..');
const sample = join(project, 'e2e/docker/testdata/v06');
const migrationsFolder = join(project, 'migrations');
const keyring = parseKeyring(oldKeys.ENCRYPTION_KEY);

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Moved extends MovedIn {
  vault: DatabaseSync;
  source: DatabaseSync;
  all: (sql: string) => Record<string, unknown>[];
}

async function move(file: string, ring = keyring): Promise<Moved> {
  const source = new DatabaseSync(file, { readOnly: true });
  const vault = new DatabaseSync(':memory:');
  for (const name of readdirSync(migrationsFolder)) vault.exec(readFileSync(join(migrationsFolder, name), 'utf8'));
  const moved = await moveIn(source, vault, { keyring: ring, now: 1_800_000_000_000 });
  return { ...moved, vault, source, all: (sql) => vault.prepare(sql).all() as Record<string, unknown>[] };
}

function old(rows: OldRows, more?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'move in '));
  folders.push(folder);
  const file = join(folder, 'keystore.db');
  writeOld(file, { users: [someUser], ...rows }, more);
  return file;
}

function key(name: string, more: Record<string, string | number | null> = {}): Record<string, string | number | null> {
  return {
    key_name: name,
    encrypted_value: sealOld(`value of ${name}`),
    owner_id: 1,
    created_by: 'admin',
    ...more,
  };
}

describe('the database of a real v0.6', () => {
  const manifest = JSON.parse(readFileSync(join(sample, 'manifest.json'), 'utf8'));
  const env = parseEnv(readFileSync(join(sample, '.env_backup_20250624_103000.txt'), 'utf8'));
  const file = join(sample, 'keystore_backup_20250624_103000.db');

  test('moves completely', async () => {
    const { all, vault, source, notes, losses } = await move(file, parseKeyring(env.ENCRYPTION_KEY));
    expect(losses).toEqual([]);
    expect(notes).toEqual([
      'The account "admin" has a default password and is marked to change it.',
      'The account "user" has a default password and is marked to change it.',
    ]);

    const users = all('SELECT * FROM users ORDER BY id');
    expect(users.map(({ name }) => name)).toEqual(manifest.users.map(({ username }: { username: string }) => username));
    for (const [index, { password, role, is_active }] of manifest.users.entries()) {
      expect(users[index]).toMatchObject({
        role,
        is_active: Number(is_active),
        must_change_password: Number(password === 'admin123' || password === 'user123'),
      });
      expect(await verifyPassword(password, String(users[index]?.verifier), passwordCost)).toBe(true);
    }
    expect(users[0]).toMatchObject({
      created_at: Date.parse('2026-11-22T13:01:13Z'),
      last_login_at: Date.parse('2026-11-22T13:01:35Z'),
    });

    const secrets = all(
      `SELECT secrets.*, users.name AS owner, token, binding, key_id FROM secrets JOIN users ON users.id = owner_id
       JOIN secret_versions ON secret_id = secrets.id ORDER BY secrets.id`,
    );
    const found = secrets.map(({ name, description, owner, created_by, token, binding, key_id }) => ({
      key_name: name,
      api_key: openValue(parseKeyring(env.ENCRYPTION_KEY), String(name), {
        token: String(token),
        binding: String(binding),
        keyId: String(key_id),
      }),
      description,
      owner,
      created_by,
    }));
    expect(found).toEqual(manifest.keys.map((each: { owner: string }) => ({ ...each, created_by: each.owner })));
    const times = source.prepare('SELECT created_at, updated_at FROM api_keys ORDER BY id').all();
    expect(secrets.map(({ created_at, updated_at }) => [created_at, updated_at])).toEqual(
      times.map(({ created_at, updated_at }) => [Date.parse(`${created_at}Z`), Date.parse(`${updated_at}Z`)]),
    );
    // The tokens are the same: nothing was sealed again.
    const tokens = source.prepare('SELECT encrypted_value FROM api_keys ORDER BY id').all();
    expect(secrets.map(({ token }) => token)).toEqual(tokens.map(({ encrypted_value }) => encrypted_value));

    const log = source.prepare('SELECT * FROM access_log ORDER BY id').all();
    expect(log.length).toBe(manifest.access_log_rows);
    expect(asV06Wrote(all('SELECT * FROM audit_events ORDER BY id'))).toEqual(log.map((entry) => ({ ...entry })));
    expect(checkDatabaseOf(vault).damaged).toEqual([]);
  });
});

/** Log entries as the API shows them, in v0.6's columns. */
function asV06Wrote(events: Record<string, unknown>[]) {
  return events.map(({ id, actor_id, actor_name, target, action, outcome, at, address, user_agent }) => ({
    id,
    user_id: actor_id,
    user_name: actor_name,
    key_name: target,
    action: wireAction(String(action), outcome === 'allowed'),
    timestamp: new Date(Number(at)).toISOString().slice(0, 19).replace('T', ' '),
    ip_address: address,
    user_agent,
    success: Number(outcome === 'allowed'),
  }));
}

/** Checks it as every backup and restore does. The box adds the table of migrations. */
function checkDatabaseOf(vault: DatabaseSync) {
  vault.exec(`CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT, applied_at TEXT);
    INSERT INTO d1_migrations (name) VALUES ${readdirSync(migrationsFolder)
      .map((name) => `('${name}')`)
      .join()}`);
  return checkDatabase(vault, keyring, migrationsFolder);
}

describe('a name that v0.6 allowed and the API rejects', () => {
  test('is changed, and a note says so', async () => {
    const { all, notes, losses } = await move(
      old({
        users: [someUser, { username: 'two\nlines', password_hash: someVerifier }],
        api_keys: [key('a\nb'), key('a_b'), key('..'), key('n'.repeat(300), { owner_id: 2 })],
      }),
    );
    expect(all('SELECT name FROM secrets ORDER BY id').map(({ name }) => name)).toEqual([
      'a_b (2)',
      'a_b',
      '__',
      'n'.repeat(240),
    ]);
    expect(notes).toEqual([
      'The account "two\\nlines" is now "two_lines": control characters are not allowed.',
      'The key "a\\nb" is now "a_b (2)": control characters are not allowed.',
      'The key ".." is now "__": a URL cannot contain it.',
      `The key "${'n'.repeat(300)}" is now "${'n'.repeat(240)}": names are limited to 255 bytes.`,
    ]);
    expect(losses).toEqual([]);
  });

  test('with white space around it, or with invisible characters, stays, and is compared with new names', async () => {
    const { vault, all, notes } = await move(old({ api_keys: [key(' padded '), key('padded'), key('tx\u202et')] }));
    expect(all('SELECT name, likeness FROM secrets ORDER BY id')).toEqual([
      { name: ' padded ', likeness: 'padded' },
      { name: 'padded', likeness: 'padded' },
      { name: 'tx\u202et', likeness: 'txt' },
    ]);
    expect(notes).toEqual([]);
    expect(checkDatabaseOf(vault).damaged).toEqual([]);
  });

  test('accounts that look alike are all moved', async () => {
    const users = ['admin', 'Admin', 'аdmin'].map((username) => ({ ...someUser, username }));
    const { all, notes } = await move(old({ users }));
    expect(all('SELECT name FROM users ORDER BY id').map(({ name }) => name)).toEqual(['admin', 'Admin', 'аdmin']);
    expect(notes.filter((note) => note.includes('look alike')).length).toBe(2);
  });
});

describe('rows with errors', () => {
  test('a value that does not open is reported as lost, and all others are moved', async () => {
    const altered = sealOld('x').replace(/.{5}$/, 'AAAA=');
    const { all, secrets, losses } = await move(
      old({
        api_keys: [
          key('good'),
          key('altered', { encrypted_value: altered }),
          key('not a token \u001b[2J', { encrypted_value: 'plain' }),
          key('bytes', { encrypted_value: sealOld(new Uint8Array([0xff, 0xfe])) }),
        ],
      }),
    );
    expect(secrets).toBe(1);
    expect(all('SELECT name FROM secrets')).toEqual([{ name: 'good' }]);
    expect(losses).toEqual([
      'the key "altered" of "admin": its value does not open with ENCRYPTION_KEY',
      'the key "not a token \\u001b[2J" of "admin": its value does not open with ENCRYPTION_KEY',
      'the key "bytes" of "admin": its value opens, but is not text',
    ]);
  });

  test('an ENCRYPTION_KEY that opens no value is refused', async () => {
    const other = parseKeyring('Ns8x1rM3l5V7mVgX0k2QJ8yq0b4T6w9Zc1D3e5F7g9U=');
    await expect(move(old({ api_keys: [key('a'), key('b')] }), other)).rejects.toThrow(
      `None of the 2 values opens with this ENCRYPTION_KEY (fingerprint ${other.primary.id})`,
    );
  });

  test('a database without accounts is refused', async () => {
    await expect(move(old({ users: [] }))).rejects.toThrow('no accounts');
  });

  test('an unknown verifier, an unknown role and a missing admin are reported', async () => {
    const { all, notes, losses } = await move(
      old({
        users: [{ username: 'a', password_hash: 'sha256$salt$abc', role: 'root', is_active: null }],
      }),
    );
    expect(all('SELECT name, role, is_active FROM users')).toEqual([{ name: 'a', role: 'user', is_active: 0 }]);
    expect(losses).toEqual([expect.stringContaining('the password of the account "a"')]);
    expect(notes).toEqual([
      'The account "a" had the role "root" and is now a user.',
      'No account is an active admin, so accounts cannot be managed.',
    ]);
  });

  test('a key without an owner gets its creator as owner, or else an admin', async () => {
    const { all, notes } = await move(
      old({
        users: [someUser, { username: 'bob', password_hash: someVerifier }],
        api_keys: [key('a', { owner_id: null, created_by: 'bob' }), key('b', { owner_id: 99, created_by: 'gone' })],
      }),
    );
    expect(all('SELECT name, owner_id, created_by FROM secrets')).toEqual([
      { name: 'a', owner_id: 2, created_by: 'bob' },
      { name: 'b', owner_id: 1, created_by: 'gone' },
    ]);
    expect(notes).toEqual(['The key "b" had no owner and now belongs to "admin".']);
  });

  test('unreadable times, user agents with control characters, entries without a user and foreign tables are reported', async () => {
    const { all, notes, losses } = await move(
      old(
        {
          api_keys: [key('a', { created_at: 'once', updated_at: '2025-01-02 03:04:05' })],
          access_log: [
            { action: 'view_key', key_name: 'a', timestamp: '2025-01-01 00:00:00', user_agent: 'x\u001b[2Jy' },
            { action: null, timestamp: 'then', ip_address: null, user_id: 7 },
          ],
          access_tokens: [{ token_hash: 'a', user_id: 1 }],
        },
        'CREATE TABLE teams (id); ALTER TABLE users ADD COLUMN email TEXT;',
      ),
    );
    expect(all('SELECT id, at, actor_id, action, user_agent, address FROM audit_events')).toEqual([
      {
        id: 1,
        at: Date.UTC(2025, 0, 1),
        actor_id: null,
        action: 'secret.read',
        user_agent: 'x[2Jy',
        address: 'unknown',
      },
      { id: 2, at: Date.UTC(2025, 0, 1), actor_id: 7, action: 'unknown', user_agent: '', address: 'unknown' },
    ]);
    expect(all('SELECT created_at FROM secrets')).toEqual([{ created_at: Date.UTC(2025, 0, 2, 3, 4, 5) }]);
    expect(notes).toEqual([
      'The key "a" had no readable date of creation.',
      '1 log entries had no readable time and have that of the entry before them.',
      '1 log entries had a user agent with control characters or over 256 characters; it was cleaned.',
    ]);
    expect(losses).toEqual([
      'the column "users.email": it is not part of v0.6',
      '1 access tokens: their users must sign in again',
      'the table "teams": it is not part of v0.6',
    ]);
  });
});

describe('the log', () => {
  test('reads the same over the API as in v0.6, for every kind of entry', async () => {
    const actions = ['login_success', 'login_attempt', 'add_key', 'update_key', 'delete_user', 'rotate', 'list_logs'];
    const access_log = actions.flatMap((action) =>
      [0, 1].flatMap((success) =>
        [null, 'k'].map((key_name) => ({
          ...{ action, success, key_name, user_id: 3, user_name: 'zoë', timestamp: '2025-01-01 00:00:00' },
          ...{ ip_address: '10.0.0.1', user_agent: 'curl' },
        })),
      ),
    );
    const { all } = await move(old({ access_log }));
    const events = all('SELECT * FROM audit_events ORDER BY id');
    expect(asV06Wrote(events)).toEqual(access_log.map((entry, index) => ({ id: index + 1, ...entry })));
    // Failed sign-ins of v0.6 must not count for the throttle.
    expect(events.every(({ reason }) => reason === null || reason === 'not_recorded')).toBe(true);
  });

  test('is numbered from 1 without gaps, in its order', async () => {
    const access_log = [7, 9, 40].map((id) => ({
      id,
      action: 'logout',
      timestamp: `2025-01-01 00:00:${String(id).padStart(2, '0')}`,
    }));
    const { all } = await move(old({ access_log }));
    expect(all('SELECT id, at FROM audit_events ORDER BY id')).toEqual(
      [7, 9, 40].map((second, index) => ({ id: index + 1, at: Date.UTC(2025, 0, 1, 0, 0, second) })),
    );
  });

  test('identifies the database that moved in, and copies of it', async () => {
    const rows = { access_log: [{ action: 'logout', timestamp: '2025-01-01 00:00:00' }] };
    const first = await move(old(rows));
    expect(hasMovedIn(first.vault, first.source)).toBe(true);
    const same = new DatabaseSync(old(rows));
    expect(hasMovedIn(first.vault, same)).toBe(true);
    same.exec("UPDATE users SET role = 'user'");
    expect(hasMovedIn(first.vault, same)).toBe(false);
    same.close();
    const silent = await move(old({}));
    expect(hasMovedIn(silent.vault, silent.source)).toBe(true);
  });

  test('keeps the ids of deleted accounts from being used again', async () => {
    const { vault } = await move(
      old({
        users: [someUser, { ...someUser, id: 9, username: 'nine' }],
        api_keys: [key('a', { id: 40 })],
        access_log: [{ user_id: 12, action: 'logout', timestamp: '2025-01-01 00:00:00' }],
      }),
    );
    const { id } = vault
      .prepare(
        "INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('n', 'n', '', 'user', 0) RETURNING id",
      )
      .get() as { id: number };
    expect(id).toBe(13);
    vault.exec('DELETE FROM secrets');
    const secret = vault
      .prepare(
        "INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) VALUES ('s', 1, '', 0, 0, 1) RETURNING id",
      )
      .get();
    expect(secret).toEqual({ id: 41 });
  });
});
