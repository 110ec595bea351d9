/** Who has seen a key, who could, and what somebody has seen who leaves. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
const people: Record<string, Client> = {};
const ids: Record<string, number> = {};

const addPerson = async (name: string) => {
  const { body } = await admin('POST', '/users', { username: name, password: 'a good password' });
  ids[name] = body.id as number;
  people[name] = await vault.signIn(name, 'a good password');
  return people[name];
};

/** Entries of something else, until the block of the log that is being filled is complete. */
const completeBlock = () =>
  testDb().exec(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO audit_events (at, request_id, action, outcome, address, user_agent) SELECT 1, 'filler', 'session.read', 'allowed', '', '' FROM n",
  );

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  for (const name of ['owner', 'reader', 'manager', 'viewer', 'stranger']) await addPerson(name);
  await admin('POST', '/projects', { name: 'shop' });
  await admin('PUT', '/projects/shop/members/manager', { role: 'manager' });
  await admin('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
});

const as = (name: string) => (name === 'admin' ? admin : (people[name] as Client));

interface Access {
  key_name: string;
  seen: {
    user_name: string;
    token: string | null;
    has_read_current: boolean;
    stored: boolean;
    first_at: string;
    last_at: string;
  }[];
  able: { user_name: string; why: string; token: string | null; access: string | null }[];
}

const accessOf = async (name: string, by = 'admin') => {
  const { status, text } = await as(by)('GET', `/keys/${encodeURIComponent(name)}/access`);
  expect(status, text).toBe(200);
  return JSON.parse(text) as Access;
};

/** In words. */
const seenOf = async (name: string) =>
  (await accessOf(name)).seen
    .map(({ user_name, token, first_at: _, last_at: __, has_read_current, stored, ...counts }) =>
      [
        user_name,
        token ?? '',
        ...Object.entries(counts).flatMap(([way, times]) => (way === 'token_id' || !times ? [] : [`${way} ${times}`])),
        stored ? 'stored' : '',
        has_read_current ? 'current' : '',
      ]
        .filter(Boolean)
        .join(' '),
    )
    .toSorted();

describe('who has seen a key', () => {
  test('tells people and tokens, and the ways in which they read it, also when the block of the log is complete', async () => {
    const { owner } = people as { owner: Client };
    await owner('POST', '/keys', { key_name: 'k', api_key: 'v' });
    const { body } = await owner('POST', '/tokens', { name: 'ci', access: 'read', scopes: ['k'] });
    const token = vault.client(body.token ?? '');
    const whole = async () => {
      await owner('GET', '/keys/k', undefined, { 'Keystore-Via': 'reveal' });
      await owner('GET', '/keys/k', undefined, { 'Keystore-Via': 'reveal' });
      await owner('GET', '/keys/k', undefined, { 'Keystore-Via': 'copy' });
      await token('GET', '/keys/k');
      await token('GET', '/v1/secret/data/k');
      await admin('POST', '/keys/values', { names: ['k', 'nothing'] });
      await (people.stranger as Client)('GET', '/keys/k');
      await owner('PUT', '/keys/k', { api_key: 'v', description: 'd' });
    };
    await whole();
    const found = ['admin bulk 1', 'owner ci api 2', 'owner reveal 2 copy 1 stored'];
    expect((await seenOf('k')).map((each) => each.replace(' current', ''))).toEqual(found);
    await completeBlock();
    expect((await seenOf('k')).map((each) => each.replace(' current', ''))).toEqual(found);
    await whole();
    expect((await seenOf('k')).map((each) => each.replace(' current', ''))).toEqual([
      'admin bulk 2',
      'owner ci api 4',
      'owner reveal 4 copy 2 stored',
    ]);
  });

  test('tells whether they have read the current value', async () => {
    const { owner } = people as { owner: Client };
    await owner('POST', '/keys', { key_name: 'changed', api_key: 'v' });
    await owner('GET', '/keys/changed');
    await testDb().exec("UPDATE secrets SET value_changed_at = value_changed_at + 60000 WHERE name = 'changed'");
    expect(await seenOf('changed')).toEqual(['owner api 1 stored']);
    await testDb().exec("UPDATE secrets SET value_changed_at = value_changed_at - 120000 WHERE name = 'changed'");
    expect(await seenOf('changed')).toEqual(['owner api 1 stored current']);
  });

  test('follows a key to its new name, and does not take a new key of an old name for it', async () => {
    const { owner } = people as { owner: Client };
    await owner('POST', '/keys', { key_name: 'before', api_key: 'v' });
    await owner('GET', '/keys/before');
    await owner('PUT', '/keys/before', { key_name: 'after' });
    await completeBlock();
    await owner('POST', '/keys', { key_name: 'before', api_key: 'v' });
    await owner('GET', '/keys/after');
    expect((await seenOf('after')).join()).toMatch(/^owner api 2 /);
    expect(await seenOf('before')).toEqual(['owner stored']);
  });

  test('knows of reads by earlier versions that they were, not how', async () => {
    const { owner } = people as { owner: Client };
    await owner('POST', '/keys', { key_name: 'old', api_key: 'v' });
    const add = (at: number) =>
      testDb()
        .prepare(
          "INSERT INTO audit_events (at, request_id, actor_id, actor_name, action, target, outcome, address, user_agent) VALUES (?, 'old', 77, 'gone', 'secret.read', 'old', 'allowed', '', '')",
        )
        .bind(at)
        .run();
    await add(Date.now() + 1);
    await add(1);
    expect(await seenOf('old')).toEqual(['gone unknown 1 current', 'owner stored']);
    await completeBlock();
    expect(await seenOf('old')).toEqual(['gone unknown 1 current', 'owner stored']);
  });
});

describe('who could see a key', () => {
  const ableOf = async (name: string, by = 'admin') =>
    (await accessOf(name, by)).able
      .map(({ user_name, why, token, access }) => [user_name, why, token, access].filter(Boolean).join(' '))
      .toSorted();

  test('the owner of a personal key, admins, and their tokens whose scopes have its name', async () => {
    const { owner } = people as { owner: Client };
    await owner('POST', '/keys', { key_name: 'mine', api_key: 'v' });
    await owner('POST', '/tokens', { name: 'fits', access: 'read', scopes: ['mine'] });
    await owner('POST', '/tokens', { name: 'other', access: 'manage', scopes: ['other'] });
    const { body } = await owner('POST', '/tokens', { name: 'revoked', access: 'read', scopes: ['*'] });
    await owner('DELETE', `/tokens/${body.id}`);
    await admin('POST', '/tokens', { name: 'of admin', access: 'write', scopes: ['*'] });
    await (people.stranger as Client)('POST', '/tokens', { name: 'of stranger', access: 'read', scopes: ['*'] });
    const able = ['admin admin', 'admin token of admin write', 'owner owner', 'owner token fits read'];
    expect(await ableOf('mine')).toEqual(able);
    expect(await ableOf('mine', 'owner')).toEqual(able);
  });

  test('the members of a project by their role, and its tokens, but nobody who is switched off', async () => {
    await admin('POST', '/keys', { key_name: 'shop/DB', api_key: 'v' });
    await admin('POST', '/tokens', { name: 'deploy', access: 'read', scopes: ['shop/*'], project: 'shop' });
    const viewer = people.viewer as Client;
    await viewer('POST', '/tokens', { name: 'of viewer', access: 'read', scopes: ['shop/DB'] });
    await viewer('POST', '/tokens', { name: 'of another key', access: 'read', scopes: ['shop/other'] });
    await viewer('POST', '/tokens', { name: 'over', access: 'read', scopes: ['*'], expires_in_days: 1 });
    await testDb().exec("UPDATE service_tokens SET expires_at = 1 WHERE name = 'over'");
    await admin('POST', '/tokens', { name: 'audits', access: 'audit' });
    // Who has made the project manages it.
    const ofProject = ['admin manager', 'manager manager', 'shop project_token deploy read'];
    const ofViewer = ['viewer token of viewer read', 'viewer viewer'];
    expect(await ableOf('shop/DB', 'manager')).toEqual(
      ['admin admin', 'admin token of admin write', ...ofProject, ...ofViewer].toSorted(),
    );
    await admin('PUT', `/users/${ids.viewer}`, { is_active: false });
    expect(await ableOf('shop/DB')).toEqual(['admin admin', 'admin token of admin write', ...ofProject].toSorted());
    await admin('PUT', `/users/${ids.viewer}`, { is_active: true });
    people.viewer = await vault.signIn('viewer', 'a good password');
  });
});

test.each([
  ['admin', 'mine', 200],
  ['owner', 'mine', 200],
  ['stranger', 'mine', 404],
  ['manager', 'shop/DB', 200],
  ['viewer', 'shop/DB', 403],
  ['stranger', 'shop/DB', 404],
  ['admin', 'nothing', 404],
])('%s asks who has seen %s: %i', async (name, key, status) => {
  expect((await as(name)('GET', `/keys/${encodeURIComponent(key)}/access`)).status).toBe(status);
  expect((await as(name)('GET', `/key/access?key_name=${encodeURIComponent(key)}`)).status).toBe(status);
  const [event] = (await admin('GET', '/logs?limit=1')).body.logs ?? [];
  expect(event).toMatchObject({ action: 'view_readers', user_name: name, success: status === 200 });
});

test('an auditor may ask with a token of access audit, and no other token may', async () => {
  const made = async (access: string) =>
    vault.client(
      (await admin('POST', '/tokens', { name: access, access, ...(access === 'audit' ? {} : { scopes: ['*'] }) })).body
        .token ?? '',
    );
  const auditor = await made('audit');
  expect((await auditor('GET', '/keys/mine/access')).status).toBe(200);
  expect((await auditor('GET', `/users/${ids.owner}/exposure`)).status).toBe(200);
  expect((await auditor('POST', `/users/${ids.owner}/exposure`, { key_id: 1, mark: 'rotated' })).status).toBe(403);
  const manage = await made('manage');
  expect((await manage('GET', '/keys/mine/access')).status).toBe(403);
  expect((await manage('GET', `/users/${ids.owner}/exposure`)).status).toBe(403);
});

describe('what somebody has seen', () => {
  interface Exposure {
    user_id: number;
    user_name: string;
    account: string;
    keys: {
      id: number;
      key_name: string;
      state: string;
      count: number;
      tokens: string[];
      mark: { as: string; by: string } | null;
    }[];
    project_tokens: { name: string; project: string }[];
  }

  const exposureOf = async (who: number | string) => {
    const path = typeof who === 'number' ? `/users/${who}/exposure` : `/users/exposure?user_name=${who}`;
    const { status, text } = await admin('GET', path);
    expect(status, text).toBe(200);
    return JSON.parse(text) as Exposure;
  };
  const statesOf = async (who: number | string) =>
    Object.fromEntries((await exposureOf(who)).keys.map(({ key_name, state }) => [key_name, state]));

  test('names each key that they or their tokens read, and what has become of it', async () => {
    const leaver = await addPerson('leaver');
    await admin('PUT', '/projects/shop/members/leaver', { role: 'manager' });
    for (const name of ['open', 'changed', 'expired', 'trashed', 'destroyed', 'unread', 'stored'])
      await admin('POST', '/keys', { key_name: `shop/${name}`, api_key: 'v' });
    const { body } = await leaver('POST', '/tokens', { name: 'bot', access: 'read', scopes: ['shop/*'] });
    await leaver('POST', '/tokens', { name: 'of shop', access: 'read', scopes: ['shop/*'], project: 'shop' });
    const token = vault.client(body.token ?? '');
    await token('POST', '/keys/values', { names: ['shop/open', 'shop/changed', 'shop/trashed', 'shop/destroyed'] });
    await leaver('GET', '/keys/shop%2Fopen');
    await leaver('GET', '/keys/shop%2Fexpired');
    await leaver('PUT', '/keys/shop%2Fstored', { api_key: 'by the leaver' });
    await testDb().exec("UPDATE secrets SET value_changed_at = value_changed_at + 60000 WHERE name = 'shop/changed'");
    await testDb().exec("UPDATE secrets SET expires_at = 1 WHERE name = 'shop/expired'");
    await admin('DELETE', '/keys/shop%2Ftrashed');
    await admin('DELETE', '/keys/shop%2Fdestroyed');
    await testDb().exec("DELETE FROM secrets WHERE name = 'shop/destroyed'");
    const states = {
      ...{ 'shop/open': 'open', 'shop/changed': 'changed', 'shop/expired': 'expired', 'shop/stored': 'open' },
      ...{ 'shop/trashed': 'trash', 'shop/destroyed': 'destroyed' },
    };
    expect(await statesOf(ids.leaver as number)).toEqual(states);
    await completeBlock();
    expect(await statesOf(ids.leaver as number)).toEqual(states);
    const { keys, account, project_tokens } = await exposureOf('leaver');
    expect(account).toBe('active');
    expect(keys.find(({ key_name }) => key_name === 'shop/open')).toMatchObject({
      count: 2,
      tokens: ['bot'],
      mark: null,
    });
    expect(project_tokens).toEqual([expect.objectContaining({ name: 'of shop', project: 'shop' })]);
  });

  test('each tick is an event, and the newest counts; also when the account is deleted', async () => {
    const id = ids.leaver as number;
    const keyOf = async (name: string) => (await exposureOf(id)).keys.find(({ key_name }) => key_name === name);
    const tick = async (name: string, mark: string) =>
      (await admin('POST', `/users/${id}/exposure`, { key_id: (await keyOf(name))?.id, mark })).status;
    expect(await tick('shop/open', 'not_needed')).toBe(200);
    expect(await tick('shop/open', 'rotated')).toBe(200);
    expect(await tick('shop/destroyed', 'not_needed')).toBe(200);
    expect(await keyOf('shop/open')).toMatchObject({ mark: { as: 'rotated', by: 'admin' } });
    const [event] = (await admin('GET', '/logs?action=mark_exposure&key_name=shop/open')).body.logs ?? [];
    expect(event).toMatchObject({ target: 'shop/open', reason: `rotated: leaver (user ${id})`, user_name: 'admin' });
    expect((await admin('DELETE', `/users/${id}`)).status).toBe(200);
    expect(await exposureOf(id)).toMatchObject({ user_name: 'leaver', account: 'deleted' });
    expect((await exposureOf('leaver')).user_id).toBe(id);
    expect(await keyOf('shop/destroyed')).toMatchObject({ mark: { as: 'not_needed' } });
    expect(await tick('shop/open', 'open')).toBe(200);
    expect(await keyOf('shop/open')).toMatchObject({ mark: null, state: 'open' });
  });

  test("of two people takes each one's ticks for their own, though one is called as the other is numbered", async () => {
    await admin('POST', '/keys', { key_name: 'shop/both', api_key: 'v' });
    for (const name of ['plain', 'other']) {
      const reader = await addPerson(name);
      await admin('PUT', `/projects/shop/members/${name}`, { role: 'viewer' });
      await reader('GET', '/keys/shop%2Fboth');
    }
    const { plain, other } = ids as { plain: number; other: number };
    // The name of the second one looks like the id of the first.
    await testDb().exec(`UPDATE users SET name = '(user ${plain})' WHERE id = ${other}`);
    const markOf = async (who: number) =>
      (await exposureOf(who)).keys.find(({ key_name }) => key_name === 'shop/both')?.mark ?? null;
    const { keys } = await exposureOf(other);
    const key_id = keys.find(({ key_name }) => key_name === 'shop/both')?.id;
    expect((await admin('POST', `/users/${other}/exposure`, { key_id, mark: 'rotated' })).status).toBe(200);
    expect(await markOf(other)).toMatchObject({ as: 'rotated' });
    expect(await markOf(plain)).toBeNull();
  });

  test('is for admins, about somebody who is there or was', async () => {
    expect((await as('owner')('GET', `/users/${ids.owner}/exposure`)).status).toBe(403);
    expect((await as('owner')('POST', `/users/${ids.owner}/exposure`, { key_id: 1, mark: 'rotated' })).status).toBe(
      403,
    );
    for (const path of ['/users/4711/exposure', '/users/x/exposure', '/users/exposure?user_name=nobody'])
      expect((await admin('GET', path)).status).toBe(404);
    expect((await admin('POST', `/users/${ids.owner}/exposure`, { key_id: 4711, mark: 'rotated' })).status).toBe(404);
    expect((await admin('POST', `/users/${ids.owner}/exposure`, { key_id: 1, mark: 'done' })).body.error).toMatch(
      /^mark must/,
    );
  });
});
