/** What `GET /keys` shows to whom, and what its filters leave. */
import { beforeAll, describe, expect, test } from 'vitest';
import { compileAll } from '../store/statement.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let admin: Client;
let member: Client;
let stranger: Client;

const password = 'a good password';

beforeAll(async () => {
  const vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  for (const username of ['member', 'stranger']) await admin('POST', '/users', { username, password });
  member = await vault.signIn('member', password);
  stranger = await vault.signIn('stranger', password);
  // Names around the borders of projects: `-` comes before the slash, `0` after it.
  for (const name of ['b', 'b-2', 'd']) await admin('POST', '/projects', { name });
  await admin('PUT', '/projects/b/members/member', { role: 'viewer' });
  await admin('PUT', '/projects/b-2/members/member', { role: 'editor' });
  for (const key_name of ['b/prod/X', 'b/dev/X', 'b/Ünï', 'b-2/x', 'd/secret']) {
    await admin('POST', '/keys', { key_name, api_key: 'x', description: `of ${key_name.toUpperCase()}` });
  }
  for (const key_name of ['a', 'b', 'b0', 'c%_', 'e']) {
    await member('POST', '/keys', { key_name, api_key: 'x', description: 'mine' });
  }
  await stranger('POST', '/keys', { key_name: 'b-alone', api_key: 'x' });
  await admin('PUT', '/keys/b%2Fdev%2FX', { api_key: 'y' });
});

const names = async (client: Client, query = '') =>
  (await client('GET', `/keys${query}`)).body.keys?.map(({ key_name }) => key_name);

const ofMember = ['a', 'b', 'b-2/x', 'b/dev/X', 'b/prod/X', 'b/Ünï', 'b0', 'c%_', 'e'];

test('the plain list has personal keys and those of all one’s projects, in the order of their names', async () => {
  expect(await names(member)).toEqual(ofMember);
  expect(await names(stranger)).toEqual(['b-alone']);
  expect(await names(admin)).toEqual([...ofMember, 'b-alone', 'd/secret'].toSorted());
});

test('each key says its project, what one is to it, its version and its expiry', async () => {
  const found = async (client: Client, name: string) =>
    (await client('GET', '/keys')).body.keys?.find(({ key_name }) => key_name === name);
  expect(await found(member, 'b/dev/X')).toEqual({
    key_name: 'b/dev/X',
    description: 'of B/DEV/X',
    created_at: expect.any(String),
    updated_at: expect.any(String),
    value_changed_at: expect.any(String),
    created_by: 'admin',
    owner: null,
    project: 'b',
    role: 'viewer',
    version: 2,
    revision: 2,
    expires_at: null,
    rotate_every_days: null,
    rotation_due_at: null,
    labels: {},
  });
  expect(await found(member, 'b-2/x')).toMatchObject({ project: 'b-2', role: 'editor', version: 1 });
  expect(await found(member, 'b')).toMatchObject({ project: null, role: 'owner' });
  expect(await found(admin, 'b/dev/X')).toMatchObject({ project: 'b', role: 'manager' });
  expect(await found(admin, 'a')).toMatchObject({ project: null, role: 'admin' });
  await testDb().exec("UPDATE secrets SET expires_at = 1764000000123 WHERE name = 'a'");
  expect(await found(member, 'a')).toMatchObject({ expires_at: '2025-11-24T16:00:00.123Z' });
});

describe.each([
  ['?project=b', ['b/dev/X', 'b/prod/X', 'b/Ünï']],
  ['?project=b-2', ['b-2/x']],
  ['?project=d', []],
  ['?project=none', []],
  ['?project=B', []],
  ['?project=b%25', []],
  ['?prefix=b/', ['b/dev/X', 'b/prod/X', 'b/Ünï']],
  ['?prefix=b', ['b', 'b-2/x', 'b/dev/X', 'b/prod/X', 'b/Ünï', 'b0']],
  ['?prefix=b/p', ['b/prod/X']],
  ['?prefix=b/%C3%9C', ['b/Ünï']],
  ['?prefix=B', []],
  ['?prefix=%25', []],
  ['?prefix=', ofMember],
  ['?q=/X', ['b-2/x', 'b/dev/X', 'b/prod/X']],
  ['?q=MINE', ['a', 'b', 'b0', 'c%_', 'e']],
  ['?q=%25_', ['c%_']],
  ['?q=secret', []],
  ['?after=b/dev/X', ['b/prod/X', 'b/Ünï', 'b0', 'c%_', 'e']],
  ['?after=a&prefix=b/', ['b/dev/X', 'b/prod/X', 'b/Ünï']],
  ['?after=b/dev/X&prefix=b/', ['b/prod/X', 'b/Ünï']],
  ['?after=z&prefix=b/', []],
  ['?project=b&prefix=b/d', ['b/dev/X']],
  ['?project=b&prefix=a', []],
  ['?project=b&q=prod', ['b/prod/X']],
  ['?project=&q=&prefix=&after=', ofMember],
])('%s', (query, expected) => {
  test('leaves exactly these, for a member and for an admin', async () => {
    expect(await names(member, query)).toEqual(expected);
    const all = await names(admin, query);
    expect(all?.filter((name) => ofMember.includes(name))).toEqual(expected);
  });
});

test('pages are without gap and without repetition, whatever their size', async () => {
  for (const client of [member, admin]) {
    const all = await names(client);
    for (const limit of [1, 2, 3, 8, 9, 10, 64, 65]) {
      const seen: string[] = [];
      let after: string | undefined = '';
      while (after !== undefined) {
        const { body } = await client('GET', `/keys?limit=${limit}&after=${encodeURIComponent(after)}`);
        expect(body.keys?.length).toBeLessThanOrEqual(limit);
        seen.push(...(body.keys ?? []).map(({ key_name }) => key_name));
        after = body.next as string | undefined;
      }
      expect(seen, `limit ${limit}`).toEqual(all);
    }
  }
});

test.each(['limit=0', 'limit=10001', 'limit=-1', 'limit=ten', `q=${'x'.repeat(1_001)}`])(
  '%.20s is 400',
  async (query) => {
    expect((await member('GET', `/keys?${query}`)).status).toBe(400);
  },
);

test('keys in the trash are not listed', async () => {
  await testDb().exec("UPDATE secrets SET deleted_at = 1, deleted_by = 'x' WHERE name IN ('e', 'b/prod/X')");
  const rest = ofMember.filter((name) => name !== 'e' && name !== 'b/prod/X');
  expect(await names(member)).toEqual(rest);
  expect(await names(admin)).not.toContain('e');
  await testDb().exec('UPDATE secrets SET deleted_at = NULL, deleted_by = NULL');
});

test('a list of a folder reads hardly more rows than it shows, however many keys there are', async () => {
  const own = "SELECT id FROM users WHERE name = 'member'";
  await testDb().exec(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) SELECT 'a' || i, (${own}), '', 1, 1, 1 FROM n`,
  );
  const list = compileAll().find(({ params }) => params.includes('is_project'));
  for (const client of [member, admin]) {
    expect(await names(client, '?prefix=b/')).toEqual(['b/dev/X', 'b/prod/X', 'b/Ünï']);
    const given: Record<string, unknown> = {
      'request.id': await testDb()
        .prepare('SELECT request_id FROM audit_events ORDER BY id DESC LIMIT 1')
        .first('request_id'),
      ...{ after: '', from: 'b/', to: 'b0', is_project: 0, part: null, one_more: 101, known: null },
    };
    const { results, meta } = await testDb()
      .prepare(list?.text ?? '')
      .bind(...(list?.params ?? []).map((param) => given[param]))
      .all();
    // The last row only says that the list was made.
    expect(results).toMatchObject([{ rows: 3 }, { rows: -1 }]);
    // Only D1 counts them.
    if (meta) expect(meta.rows_read).toBeLessThan(100);
  }
});
