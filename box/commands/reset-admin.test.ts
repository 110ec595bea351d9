import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { passwordCost, verifyPassword } from '../../core/crypto/password.ts';
import { type Home, makeHome, project, runOn } from '../../testing/disk-vaults.ts';
import { lockDataFolder } from '../data/lock.ts';

let base: string;
let home: Home;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'reset admin '));
  home = await makeHome(base, { mine: 'value' });
  using database = new DatabaseSync(home.files.file);
  database.exec(`
    UPDATE users SET is_active = 0, must_change_password = 1;
    INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('bob', 'bob', 'x', 'user', 0);
    INSERT INTO sessions (id, user_id, created_at, expires_at, revoked_at, address, user_agent) VALUES ('of admin', 1, 0, 9e15, NULL, '', ''), ('of bob', 2, 0, 9e15, NULL, '', '')`);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function rows(sql: string): Record<string, unknown>[] {
  using database = new DatabaseSync(home.files.file);
  return database.prepare(sql).all();
}

test('gives an admin a new password, activates it, ends all sessions and forgets failed sign-ins', async () => {
  const before = Date.now();
  const { code, output } = runOn(home, ['reset-admin.ts', 'ADMIN'], { input: 'correct horse battery\n' });
  expect([code, output]).toEqual([0, expect.stringMatching(/^"admin" has the new password\./)]);
  const [admin] = rows('SELECT * FROM users');
  expect(admin).toMatchObject({ role: 'admin', is_active: 1, must_change_password: 0 });
  expect(await verifyPassword('correct horse battery', String(admin?.verifier), passwordCost)).toBe(true);
  expect(Number(rows('SELECT min(failures_forgiven_at) AS at FROM users')[0]?.at)).toBeGreaterThanOrEqual(before);
  expect(rows('SELECT id FROM sessions WHERE revoked_at IS NULL')).toEqual([]);
  expect(rows('SELECT verifier, role FROM users WHERE id = 2')).toEqual([{ verifier: 'x', role: 'user' }]);
});

test('clears the throttles, and makes what the account knew by the old password unknown', () => {
  rows(`INSERT INTO throttles VALUES ('account 1', 9e15, 9e15, 1), ('address 192.0.2.1', 9e15, 9e15, 1) RETURNING 1`);
  rows('UPDATE users SET has_default_password = 1 RETURNING 1');
  runOn(home, ['reset-admin.ts'], { input: 'correct horse battery' });
  expect(rows('SELECT * FROM throttles')).toEqual([]);
  expect(rows('SELECT id, password_number, has_default_password FROM users')).toEqual([
    { id: 1, password_number: 1, has_default_password: 0 },
    { id: 2, password_number: 0, has_default_password: 1 },
  ]);
});

test('leaves an event in the log that names the account and no actor', () => {
  runOn(home, ['reset-admin.ts'], { input: 'correct horse battery' });
  expect(rows('SELECT action, target, outcome, actor_id, actor_name FROM audit_events')).toEqual([
    { action: 'admin.reset', target: 'admin', outcome: 'allowed', actor_id: null, actor_name: null },
  ]);
});

test.each([
  ['a weak password', ['admin'], '12345678\n', /most common ones.*Nothing was changed/],
  ['no password', ['admin'], '', /at least 8 characters/],
  ['a user who is no admin', ['bob'], 'correct horse battery\n', /no admin named "bob"\. The admins are: admin\./],
  ['an unknown name', ['eve'], 'correct horse battery\n', /no admin named "eve"/],
])('refuses %s, and changes nothing', (_, names, input, reason) => {
  const before = rows('SELECT * FROM users');
  const { code, output } = runOn(home, ['reset-admin.ts', ...names], { input });
  expect([code, output]).toEqual([1, expect.stringMatching(reason)]);
  expect(output).not.toMatch(/ {4}at /);
  expect(rows('SELECT * FROM users')).toEqual(before);
  expect(rows('SELECT count(*) AS count FROM audit_events')).toEqual([{ count: 0 }]);
});

test('says which account it is, and seals one that something else has changed only if it is meant', () => {
  runOn(home, ['prepare.ts']);
  const input = 'correct horse battery\n';
  const held = runOn(home, ['reset-admin.ts'], { input });
  expect(held).toMatchObject({
    code: 0,
    output: expect.stringMatching(/It is an admin, account number 1, made 1970-01-01T00:00:00\.000Z\.$/m),
  });
  rows("UPDATE users SET role = 'admin' WHERE name = 'bob' RETURNING 1");
  const before = rows('SELECT * FROM users');
  const changed = runOn(home, ['reset-admin.ts', 'bob'], { input });
  expect(changed).toMatchObject({
    code: 4,
    output: expect.stringMatching(
      /changed or made the account "bob"\. It is an admin, account number 2, made 1970.*Nothing was changed/,
    ),
  });
  expect(rows('SELECT * FROM users')).toEqual(before);
  expect(runOn(home, ['reset-admin.ts', 'bob', '--meant'], { input }).code).toBe(0);
  expect(runOn(home, ['reset-admin.ts', 'bob'], { input }).code).toBe(0);
});

test('the script asks, and takes --yes for an answer', () => {
  runOn(home, ['prepare.ts']);
  rows("UPDATE users SET verifier = 'known' WHERE name = 'admin' RETURNING 1");
  const script = (...options: string[]) =>
    spawnSync('bash', [join(project, 'HelperScripts/reset-admin.sh'), '--local', ...options], {
      input: 'correct horse battery\n',
      encoding: 'utf8',
      env: { PATH: process.env.PATH, KEYSTORE_DATA: home.data, KEYSTORE_ENV: home.envFile },
    });
  expect(script()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /account number 1[\s\S]*Is it the account that you mean\? There is no terminal.*--yes/,
    ),
  });
  expect(rows("SELECT verifier FROM users WHERE name = 'admin'")).toEqual([{ verifier: 'known' }]);
  expect(script('--yes')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^"admin" has the new password/m) });
});

test('refuses a vault that is running', () => {
  using _lock = lockDataFolder(home.data);
  const { code, output } = runOn(home, ['reset-admin.ts'], { input: 'correct horse battery\n' });
  expect([code, output]).toEqual([1, expect.stringMatching(/is in use by process .* Stop that first/)]);
});
