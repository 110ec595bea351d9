import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
});

let count = 0;
const add = async (fields: object = {}) => {
  const username = `person ${String.fromCharCode(97 + (count % 26))}${String.fromCharCode(97 + Math.floor(count++ / 26))}`;
  const { body } = await admin('POST', '/users', { username, password: 'a good password', ...fields });
  return { username, id: body.id ?? 0 };
};
const found = async (id: number) => (await admin('GET', '/users')).body.users?.find((user) => user.id === id);
const iso = expect.stringMatching(/Z$/);

test('a new vault has the accounts admin and user, and both must change their password', async () => {
  const { body } = await admin('GET', '/users');
  expect(body.users).toMatchObject([
    { id: 1, username: 'admin', role: 'admin', is_active: true, last_login: iso, must_change_password: true },
    { id: 2, username: 'user', role: 'user', is_active: true, last_login: null, must_change_password: true },
  ]);
});

describe('a user', () => {
  test('is added, listed, changed and deleted, in the shapes of v0.6', async () => {
    const created = await admin('POST', '/users', { username: 'dörte', password: 'a good password' });
    expect([created.status, created.body.message]).toEqual([201, 'User added successfully']);
    const id = created.body.id ?? 0;
    expect(await found(id)).toEqual({
      id,
      username: 'dörte',
      role: 'user',
      created_at: iso,
      last_login: null,
      last_seen: null,
      is_active: true,
      must_change_password: false,
      key_count: 0,
    });
    const updated = await admin('PUT', `/users/${id}`, { role: 'admin', is_active: false });
    expect([updated.status, updated.body]).toEqual([200, { message: 'User updated successfully' }]);
    expect(await found(id)).toMatchObject({ role: 'admin', is_active: false });
    const deleted = await admin('DELETE', `/users/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { message: 'User deleted successfully' }]);
    expect(await found(id)).toBeUndefined();
  });

  test('is deleted together with its keys, and its history stays in the log', async () => {
    const { username, id } = await add();
    const client = await vault.signIn(username, 'a good password');
    await client('POST', '/keys', { key_name: 'goes along', api_key: 'x' });
    expect((await found(id))?.key_count).toBe(1);
    await admin('DELETE', `/users/${id}`);
    expect((await admin('GET', '/keys/goes%20along')).status).toBe(404);
    expect(
      await testDb()
        .prepare('SELECT owner_id, deleted_by, deleted_at > 0 AS is_deleted FROM secrets WHERE name = ?')
        .bind('goes along')
        .all(),
    ).toMatchObject({ results: [{ owner_id: null, deleted_by: 'admin', is_deleted: 1 }] });
    const { body } = await admin('GET', `/logs?user_name=${encodeURIComponent(username)}`);
    expect(body.logs?.map(({ action }) => action)).toContain('add_key');
  });

  test('that is deleted leaves an entry for each of its keys, and the number of its keys and sessions', async () => {
    const { username, id } = await add();
    const client = await vault.signIn(username, 'a good password');
    const names = ['first to go', 'second to go', 'third to go'];
    for (const key_name of names) await client('POST', '/keys', { key_name, api_key: 'x' });
    await admin('DELETE', `/users/${id}`);
    const { body } = await admin('GET', '/logs?limit=4');
    const [third, second, first, user] = body.logs ?? [];
    expect(user).toMatchObject({
      action: 'delete_user',
      target: username,
      reason: '3 keys moved to the trash, 1 session ended',
    });
    expect([first, second, third].map((entry) => entry?.key_name)).toEqual(names);
    for (const entry of [first, second, third]) {
      expect(entry).toMatchObject({ action: 'delete_key', user_name: 'admin', success: true, reason: 'owner_deleted' });
    }
    const alone = await add();
    await admin('DELETE', `/users/${alone.id}`);
    expect((await admin('GET', '/logs?limit=1')).body.logs).toMatchObject([{ target: alone.username, reason: null }]);
  });

  test('hands over its keys when it is deleted, if the request says to whom, with an entry for each', async () => {
    const [gone, heir] = [await add(), await add()];
    const client = await vault.signIn(gone.username, 'a good password');
    for (const key_name of ['inherited 1', 'inherited 2']) await client('POST', '/keys', { key_name, api_key: 'kept' });
    const url = `/users/${gone.id}?transfer_to=`;
    for (const nobody of ['', 'nobody', gone.username]) {
      const refused = await admin('DELETE', url + encodeURIComponent(nobody));
      expect([refused.status, refused.body.error]).toEqual([400, expect.stringMatching(/transfer_to/)]);
    }
    expect((await admin('DELETE', url + encodeURIComponent(heir.username))).status).toBe(200);
    const { body } = await admin('GET', '/logs?limit=3');
    expect(body.logs).toMatchObject([
      { action: 'transfer_key', key_name: 'inherited 2', reason: `to ${heir.username}`, user_name: 'admin' },
      { action: 'transfer_key', key_name: 'inherited 1', reason: `to ${heir.username}` },
      { action: 'delete_user', target: gone.username, reason: '2 keys handed over, 1 session ended' },
    ]);
    const received = await vault.signIn(heir.username, 'a good password');
    expect((await received('GET', '/keys/inherited%201')).body.api_key).toBe('kept');
    expect((await found(heir.id))?.key_count).toBe(2);
  });

  test('leaves the keys of projects where they are, and what it had in the trash to admins', async () => {
    const { username, id } = await add();
    const client = await vault.signIn(username, 'a good password');
    await client('POST', '/projects', { name: 'left behind' });
    await client('POST', '/keys', { key_name: 'left behind/key', api_key: 'kept' });
    await client('POST', '/keys', { key_name: 'was trashed', api_key: 'x' });
    await testDb().exec("UPDATE secrets SET deleted_at = 1, deleted_by = 'x' WHERE name = 'was trashed'");
    expect((await admin('DELETE', `/users/${id}`)).status).toBe(200);
    expect((await admin('GET', '/keys/left%20behind%2Fkey')).body.api_key).toBe('kept');
    expect((await admin('GET', '/projects/left%20behind')).body).toMatchObject({ member_count: 0, members: [] });
    const { results } = await testDb().prepare("SELECT owner_id FROM secrets WHERE name = 'was trashed'").all();
    expect(results).toEqual([{ owner_id: null }]);
  });

  test('with 10,000 keys is deleted in one request, and each key is in the log', async () => {
    const { id } = await add();
    const keys = (count: number) => `
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version)
      SELECT 'many_' || i, ${id}, 'x', 1, 1, 1 FROM n`;
    await testDb().exec(keys(10_000).replaceAll('\n', ' '));
    expect((await admin('DELETE', `/users/${id}`)).status).toBe(200);
    const logged =
      "SELECT count(DISTINCT target) AS n FROM audit_events WHERE reason = 'owner_deleted' AND target LIKE 'many%'";
    expect(await testDb().prepare(logged).first('n')).toBe(10_000);
    expect((await admin('GET', '/logs?limit=1&user_name=admin&action=delete_user')).body.logs).toMatchObject([
      { reason: '10000 keys moved to the trash' },
    ]);
  });

  test('that nobody may delete keeps its keys, and no entry says otherwise', async () => {
    const { id } = await add();
    const user = await vault.signIn('user', 'user123');
    expect((await user('DELETE', `/users/${id}`)).status).toBe(403);
    expect((await admin('DELETE', '/users/1')).status).toBe(400);
    const { body } = await admin('GET', '/logs?limit=2');
    expect(body.logs?.map(({ success }) => success)).toEqual([false, false]);
  });

  test('whose role, state or password is changed has an entry that says so, and how many sessions ended', async () => {
    const { username, id } = await add();
    await vault.signIn(username, 'a good password');
    await vault.signIn(username, 'a good password');
    const said = async (change: object) => {
      expect((await admin('PUT', `/users/${id}`, change)).status).toBe(200);
      return (await admin('GET', '/logs?limit=1')).body.logs?.[0]?.reason;
    };
    expect(await said({ role: 'admin' })).toBe('role user to admin');
    expect(await said({ role: 'admin' })).toBeNull();
    expect(await said({ is_active: false, must_change_password: true })).toBe(
      'deactivated, must change the password, 2 sessions ended',
    );
    expect(await said({ is_active: true, role: 'user' })).toBe('role admin to user, activated');
    expect(await said({ password: 'another good password' })).toBe('new password');
    const own = await vault.signIn(username, 'another good password');
    await vault.signIn(username, 'another good password');
    const passwords = { current_password: 'another good password', new_password: 'one more good password' };
    expect((await own('POST', '/auth/password', passwords)).status).toBe(200);
    expect((await own('GET', '/logs?limit=1')).body.logs?.[0]?.reason).toBe('1 session ended');
  });

  test('gets a new password from an admin, who can require a change', async () => {
    const { username, id } = await add();
    await admin('PUT', `/users/${id}`, { password: 'another good password', must_change_password: true });
    await expect(vault.signIn(username, 'a good password')).rejects.toThrow('401');
    await vault.signIn(username, 'another good password');
    expect((await found(id))?.must_change_password).toBe(true);
  });

  test('cannot be given its name as its password', async () => {
    const { username, id } = await add();
    expect((await admin('PUT', `/users/${id}`, { password: username.toUpperCase() })).status).toBe(400);
    await vault.signIn(username, 'a good password');
  });
});

test.each([
  ['an empty name', { username: '' }],
  ['a blank name', { username: '  ' }],
  ['a name of white space that is not ASCII', { username: '\u3000\u00a0' }],
  ['a name with a control character', { username: 'a\u0000b' }],
  ['a name with an invisible character', { username: 'ad\u200bmin' }],
  ['a name with a control of direction', { username: 'ann\u202enimda' }],
  ['a name with a line separator', { username: 'ann\u2028b' }],
  ['a name with a filler', { username: 'ann\u3164' }],
  ['a name that is too long', { username: 'x'.repeat(256) }],
  ['a name that is a number', { username: 1 }],
  ['the role Admin', { role: 'Admin' }],
  ['the role root', { role: 'root' }],
  ['a list for a role', { role: [] }],
  ['a short password', { password: 'seven77' }],
  ['a common password', { password: 'password1' }],
  ['its name for a password', { username: 'eight-letters', password: 'Eight-Letters' }],
  ['a password that is a number', { password: 12345678 }],
  ['a mark that is text', { must_change_password: 'true' }],
])('POST with %s: 400', async (_, fields) => {
  const answer = await admin('POST', '/users', { username: 'valid', password: 'a good password', ...fields });
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatch(/\.$/);
});

test.each([
  ['is_active: "false"', { is_active: 'false' }],
  ['is_active: 0', { is_active: 0 }],
  ['is_active: null', { is_active: null }],
  ['role: Admin', { role: 'Admin' }],
  ['role: null', { role: null }],
  ['nothing', {}],
  ['only fields that nobody sets', { password_hash: 'x', id: 1, verifier: 'y' }],
])('PUT with %s: 400, and nothing is changed', async (_, fields) => {
  const before = await found(2);
  expect((await admin('PUT', '/users/2', fields)).status).toBe(400);
  expect(await found(2)).toEqual(before);
});

test('a name loses the white space around it', async () => {
  const answer = await admin('POST', '/users', { username: '\u3000walter\u00a0\n', password: 'a good password' });
  expect(answer.status).toBe(201);
  expect((await found(answer.body.id ?? 0))?.username).toBe('walter');
  const again = await admin('POST', '/users', { username: ' walter', password: 'a good password' });
  expect(again.status).toBe(409);
});

describe('a change that names another user', () => {
  test.each([{ username: 'somebody else' }, { username: 'USER' }, { username: '' }, { username: 'admin' }])(
    '%j: 400 that says that a user cannot be renamed, and nothing is changed',
    async (field) => {
      const before = await found(2);
      const answer = await admin('PUT', '/users/2', { must_change_password: !before?.must_change_password, ...field });
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('renamed')]);
      expect(await found(2)).toEqual(before);
    },
  );

  test('its own name, null, and fields that no route knows: updated', async () => {
    const { username, id } = await add();
    for (const field of [{ username }, { username: ` ${username}` }, { username: null }, { user_name: 'x', id: 1 }]) {
      expect((await admin('PUT', `/users/${id}`, { role: 'user', ...field })).status).toBe(200);
    }
    expect((await found(id))?.username).toBe(username);
  });

  test('of an account that v0.6 stored with white space around its name: its own name is accepted', async () => {
    const { id } = await add();
    await testDb().prepare('UPDATE users SET name = ? WHERE id = ?').bind(' old name ', id).run();
    expect((await admin('PUT', `/users/${id}`, { role: 'user', username: ' old name ' })).status).toBe(200);
    expect((await admin('PUT', `/users/${id}`, { role: 'user', username: 'old name x' })).status).toBe(400);
  });
});

test('password_hash, id and the like in a body are ignored', async () => {
  const { username, id } = await add({ id: 1, password_hash: 'x', verifier: 'x', is_active: false });
  expect(id).toBeGreaterThan(2);
  expect((await found(id))?.is_active).toBe(true);
  await vault.signIn(username, 'a good password');
});

test.each(['admin', 'ADMIN', 'аdmin', 'ａｄｍｉｎ', 'adrnin', 'Admіn', 'us3r', 'uѕer'])(
  'a name that looks like one that exists, %s',
  async (username) => {
    const answer = await admin('POST', '/users', { username, password: 'a good password' });
    expect(answer.status).toBe(username === 'us3r' ? 201 : 409);
  },
);

test.each([
  '0',
  '-1',
  '1.0',
  '0x1',
  '1e0',
  '+1',
  '01',
  '9007199254740993',
  '99999999999999999999',
  'me',
  '%31%00',
  '%',
])('the id %s: 404', async (id) => {
  expect((await admin('PUT', `/users/${id}`, { role: 'user' })).status).toBe(404);
  expect((await admin('DELETE', `/users/${id}`)).status).toBe(404);
});

describe('there is always an active admin', () => {
  test('an admin cannot delete their own account', async () => {
    const answer = await admin('DELETE', '/users/1');
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('your own account')]);
  });

  test.each([{ role: 'user' }, { is_active: false }, { role: 'user', is_active: false }])(
    'the last active admin is not changed by %j',
    async (change) => {
      await add({ role: 'admin' }).then(({ id }) => admin('PUT', `/users/${id}`, { is_active: false }));
      const answer = await admin('PUT', '/users/1', change);
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('last active admin')]);
      expect(await found(1)).toMatchObject({ role: 'admin', is_active: true });
    },
  );

  test.each(['demote', 'deactivate', 'delete'])(
    'of two admins who %s each other simultaneously, one remains',
    async (how) => {
      const other = await add({ role: 'admin' });
      const rival = await vault.signIn(other.username, 'a good password');
      const act = (client: Client, id: number) =>
        how === 'delete'
          ? client('DELETE', `/users/${id}`)
          : client('PUT', `/users/${id}`, how === 'demote' ? { role: 'user' } : { is_active: false });
      const answers = await Promise.all([act(admin, other.id), act(rival, 1)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const { count } = (await testDb()
        .prepare("SELECT count(*) AS count FROM users WHERE role = 'admin' AND is_active")
        .first<{ count: number }>()) ?? { count: 0 };
      expect(count).toBe(1);
      // The first request is decided first, so admin remains.
      expect(answers[0]?.status).toBe(200);
    },
  );
});
