/** The trash: deleting, listing, restoring and destroying keys. */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { maxPurgedPerRequest, minTrashedPerAccount } from '../../core/limits.ts';
import { type Answer, type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let colleague: Client;
let viewer: Client;
let editor: Client;

const password = 'a good password';
const join = async (username: string) => {
  await admin('POST', '/users', { username, password });
  return vault.signIn(username, password);
};

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  colleague = await join('colleague');
  viewer = await join('viewer');
  editor = await join('editor');
  await user('POST', '/projects', { name: 'shop' });
  await user('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
  await user('PUT', '/projects/shop/members/editor', { role: 'editor' });
});

afterEach(() => {
  vi.useRealTimers();
});

let count = 0;
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const add = async (name = `key ${++count}`, client = user) => {
  expect((await client('POST', '/keys', { key_name: name, api_key: `of ${name}` })).status).toBe(201);
  return name;
};
/** Adds a key and moves it to the trash; its number there. */
const trashed = async (name = `key ${++count}`, client = user) => {
  await add(name, client);
  return Number((await client('DELETE', path(name))).headers.get('Trash-Id'));
};
interface TrashedKey {
  id: number;
  key_name: string;
  project: string | null;
  deleted_at: string;
  deleted_by: string;
  purged_at: string;
}
const keysIn = ({ body }: Answer) => body.keys as unknown as TrashedKey[];
const trashOf = async (client: Client) => keysIn(await client('GET', '/trash'));
const idsOf = async (client: Client) => (await trashOf(client)).map(({ id }) => id);
const newest = async (client = admin) => (await client('GET', '/logs?limit=1')).body.logs?.[0];
const restore = (client: Client, id: number | string, body?: unknown) => client('POST', `/trash/${id}/restore`, body);

describe('a deleted key', () => {
  test('is in the trash, its name is free at once, and the answer is that of v0.6', async () => {
    const name = await add();
    await user('PUT', path(name), { api_key: 'second' });
    const deleted = await user('DELETE', path(name));
    expect([deleted.status, deleted.body]).toEqual([200, { message: 'API key deleted successfully' }]);
    expect(await newest()).toMatchObject({ action: 'delete_key', key_name: name, success: true });
    const id = Number(deleted.headers.get('Trash-Id'));
    const item = (await trashOf(user)).find((each) => each.id === id);
    expect(item).toEqual({
      ...{ id, key_name: name, project: null, deleted_by: 'user' },
      ...{ deleted_at: expect.stringMatching(/Z$/), purged_at: expect.stringMatching(/Z$/) },
    });
    const { deleted_at = '', purged_at = '' } = item ?? {};
    expect(Date.parse(purged_at) - Date.parse(deleted_at)).toBe(30 * 86_400_000);
    expect(await newest()).toMatchObject({ action: 'list_trash', key_name: null, target: null });
    for (const [method, body] of [['GET'], ['PUT', { api_key: 'x' }], ['DELETE']] as const) {
      expect((await user(method, path(name), body)).status).toBe(404);
    }
    expect((await user('GET', '/keys')).text).not.toContain(`"${name}"`);
    await add(name, colleague);
  });

  test('comes back with all its versions, and its numbering goes on', async () => {
    const name = await add();
    await user('PUT', path(name), { api_key: 'second', description: 'd' });
    const id = (await user('DELETE', path(name))).headers.get('Trash-Id') ?? '';
    const restored = await restore(user, id);
    expect([restored.status, restored.body]).toEqual([
      200,
      { message: 'API key restored successfully', key_name: name },
    ]);
    expect(await newest()).toMatchObject({ action: 'restore_key', key_name: name, reason: null });
    expect((await user('GET', path(name))).body).toMatchObject({ api_key: 'second', description: 'd', version: 2 });
    expect((await user('GET', `${path(name)}?version=1`)).body.api_key).toBe(`of ${name}`);
    expect(await idsOf(user)).not.toContain(Number(id));
    expect((await restore(user, id)).status).toBe(404);
    await user('PUT', path(name), { api_key: 'third' });
    expect((await user('GET', path(name))).body.version).toBe(3);
  });

  test('whose name is taken: 409, and another name takes it, in three round trips, with all versions', async () => {
    const name = await add();
    await user('PUT', path(name), { api_key: 'second' });
    const id = (await user('DELETE', path(name))).headers.get('Trash-Id') ?? '';
    await add(name, colleague);
    const taken = await restore(user, id);
    expect([taken.status, taken.body.error]).toEqual([409, expect.stringMatching(/exists already/)]);
    expect((await restore(user, id, { key_name: name })).status).toBe(409);
    vault.trips.count = 0;
    const restored = await restore(user, id, { key_name: `${name} again` });
    expect([restored.status, restored.body.key_name, vault.trips.count]).toEqual([200, `${name} again`, 3]);
    expect(await newest()).toMatchObject({ action: 'restore_key', key_name: name, reason: `as ${name} again` });
    expect((await user('GET', path(`${name} again`))).body.api_key).toBe('second');
    expect((await user('GET', `${path(`${name} again`)}?version=1`)).body.api_key).toBe(`of ${name}`);
  });

  test('takes a body that is empty, {}, null or its own name, without a content type too', async () => {
    for (const body of [undefined, '', {}, { key_name: null }, { key_name: 'its own' }]) {
      const id = await trashed('its own');
      expect((await restore(user, id, body)).status).toBe(200);
      await user('DELETE', path('its own'));
    }
    const id = await trashed();
    for (const body of ['[', 'null', '[]', { key_name: '' }, { key_name: 7 }, { key_name: 'a\u200bb' }]) {
      expect((await restore(user, id, body)).status).toBe(400);
    }
    expect((await user('POST', `/trash/${id}/restore`, 'x=1', { 'Content-Type': 'text/plain' })).status).toBe(415);
  });

  test('is gone for good once it is destroyed, with every version', async () => {
    const id = await trashed();
    const destroyed = await user('DELETE', `/trash/${id}`);
    expect([destroyed.status, destroyed.body]).toEqual([200, { message: 'API key destroyed successfully' }]);
    expect(await newest()).toMatchObject({ action: 'destroy_key', key_name: `key ${count}`, success: true });
    expect((await user('DELETE', `/trash/${id}`)).status).toBe(404);
    expect((await restore(user, id)).status).toBe(404);
    const left = await testDb()
      .prepare('SELECT count(*) AS n FROM secret_versions WHERE secret_id = ?')
      .bind(id)
      .first('n');
    expect(left).toBe(0);
  });

  test('of somebody else answers like a missing one, byte for byte, and the log tells it as little', async () => {
    const id = await trashed(undefined, colleague);
    for (const [method, at, body] of [
      ['DELETE', '', undefined],
      ['POST', '/restore', undefined],
      ['POST', '/restore', { key_name: 'mine now' }],
    ] as const) {
      const answers = [];
      for (const each of [id, 99_999]) {
        const { status, text, headers } = await user(method, `/trash/${each}${at}`, body);
        const { id: _, timestamp: __, request_id: ___, ...entry } = { request_id: 0, ...(await newest(user)) };
        answers.push(JSON.stringify([status, text, [...headers], entry]).replaceAll(`trash ${each}`, 'trash #'));
      }
      expect(answers[0]).toBe(answers[1]);
      expect(answers[0]).toContain('404');
    }
    expect(await idsOf(user)).not.toContain(id);
    expect(await idsOf(colleague)).toContain(id);
    for (const none of ['0', '-1', '1.0', 'x', '9007199254740993', '%ff']) {
      expect((await user('DELETE', `/trash/${none}`)).status).toBe(404);
    }
  });

  test('can be restored by an admin, and goes back to its owner', async () => {
    const name = `key ${count + 1}`;
    const id = await trashed();
    expect((await restore(admin, id)).status).toBe(200);
    expect((await user('GET', path(name))).status).toBe(200);
  });

  test('of a deleted user belongs to the admins', async () => {
    const leaver = await join('leaver');
    await add('of the leaver', leaver);
    const old = await trashed('deleted before', leaver);
    const users = (await admin('GET', '/users')).body.users;
    await admin('DELETE', `/users/${users?.find(({ username }) => username === 'leaver')?.id}`);
    const names = (await trashOf(admin)).map(({ key_name }) => key_name);
    expect(names).toEqual(expect.arrayContaining(['of the leaver', 'deleted before']));
    for (const client of [user, colleague]) {
      expect((await trashOf(client)).map(({ key_name }) => key_name)).not.toContain('of the leaver');
      expect((await restore(client, old)).status).toBe(404);
    }
    expect((await restore(admin, old)).status).toBe(200);
    expect((await admin('GET', path('deleted before'))).body.api_key).toBe('of deleted before');
  });
});

describe('the trash of a project', () => {
  test('is for editors to fill and to restore from, and for managers to destroy; strangers see nothing', async () => {
    const name = await add(`shop/${++count}`);
    expect((await viewer('DELETE', path(name))).status).toBe(403);
    const id = Number((await editor('DELETE', path(name))).headers.get('Trash-Id'));
    expect((await trashOf(user)).find((each) => each.id === id)).toMatchObject({
      project: 'shop',
      deleted_by: 'editor',
    });
    expect(await idsOf(editor)).toContain(id);
    expect(await idsOf(admin)).toContain(id);
    expect(await idsOf(viewer)).not.toContain(id);
    expect(await idsOf(colleague)).not.toContain(id);
    expect([(await restore(viewer, id)).status, (await restore(colleague, id)).status]).toEqual([403, 404]);
    expect((await editor('DELETE', `/trash/${id}`)).status).toBe(403);
    expect((await restore(editor, id)).status).toBe(200);
    const again = (await editor('DELETE', path(name))).headers.get('Trash-Id');
    expect((await user('DELETE', `/trash/${again}`)).status).toBe(200);
  });

  test('gives nothing to outside of the project but by managers, and takes in nothing but by editors', async () => {
    const own = await trashed(`own ${++count}`, colleague);
    expect((await restore(colleague, own, { key_name: 'shop/planted' })).status).toBe(404);
    expect((await restore(colleague, own, { key_name: 'ｓｈｏｐ/planted' })).status).toBe(404);
    const seen = await trashed(`seen ${++count}`, viewer);
    expect((await restore(viewer, seen, { key_name: 'shop/planted' })).status).toBe(403);
    const out = (await editor('DELETE', path(await add(`shop/${++count}`)))).headers.get('Trash-Id') ?? '';
    expect((await restore(editor, out, { key_name: `taken out ${count}` })).status).toBe(403);
    expect((await restore(user, out, { key_name: `taken out ${count}` })).status).toBe(200);
    const { body } = await user('GET', path(`taken out ${count}`));
    expect(body.api_key).toBe(`of shop/${count}`);
    expect((await editor('GET', path(`taken out ${count}`))).status).toBe(404);
    const into = await trashed(`goes in ${++count}`, editor);
    expect((await restore(editor, into, { key_name: `shop/in ${count}` })).status).toBe(200);
    expect((await viewer('GET', path(`shop/in ${count}`))).body.api_key).toBe(`of goes in ${count}`);
    const bad = await trashed(`bad ${++count}`, editor);
    expect((await restore(editor, bad, { key_name: 'shop//x' })).status).toBe(400);
  });

  test.each(['//x', '/../x', '/x/', '/．．/y', '/y／'])(
    'takes in no key with a part that is empty or dots, or looks so, from before there was the project: %s',
    async (rest) => {
      const project = `early ${++count}`;
      const id = await trashed(`${project}${rest}`);
      expect((await user('POST', '/projects', { name: project })).status).toBe(201);
      const refused = await restore(user, id);
      expect([refused.status, refused.body.error]).toEqual([400, expect.stringMatching(/between slashes/)]);
      expect((await restore(user, id, { key_name: `${project}/x` })).status).toBe(200);
    },
  );

  test('a key that was deleted before there was a project of its first segment needs the right to add there', async () => {
    const id = await trashed('later/key', colleague);
    expect((await user('POST', '/projects', { name: 'later' })).status).toBe(201);
    expect((await restore(colleague, id)).status).toBe(404);
    await user('PUT', '/projects/later/members/colleague', { role: 'viewer' });
    expect((await restore(colleague, id)).status).toBe(403);
    await user('PUT', '/projects/later/members/colleague', { role: 'editor' });
    expect((await restore(colleague, id)).status).toBe(200);
    expect((await user('GET', path('later/key'))).body.api_key).toBe('of later/key');
    const odd = await trashed('odd//key', colleague);
    expect((await restore(colleague, odd)).status).toBe(200);
    const odder = Number((await colleague('DELETE', path('odd//key'))).headers.get('Trash-Id'));
    await colleague('POST', '/projects', { name: 'odd' });
    expect((await restore(colleague, odder)).status).toBe(400);
  });
});

describe('lists', () => {
  test('are paged, the newest first, and stay complete when many were deleted at one moment', async () => {
    const pager = await join('pager');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const ids = [];
    for (let index = 0; index < 7; index++) {
      if (index === 4) vi.setSystemTime(Date.now() + 1);
      ids.unshift(await trashed(undefined, pager));
    }
    const pages = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const page: Answer = await pager('GET', `/trash?limit=3${next && `&after=${next}`}`);
      pages.push(keysIn(page).map(({ id }) => id));
      next = page.body.next;
    }
    expect(pages).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    for (const bad of ['limit=0', 'limit=1001', 'after=x', 'after=1', 'after=-1-2']) {
      expect((await pager('GET', `/trash?${bad}`)).status).toBe(400);
    }
  });
});

describe('after TRASH_DAYS', () => {
  const later = (days: number) => {
    const at = Date.now() + days * 86_400_000;
    vi.useFakeTimers({ toFake: ['Date'], now: at });
  };
  const exists = async (id: number) =>
    (await testDb().prepare('SELECT count(*) AS n FROM secrets WHERE id = ?').bind(id).first('n')) === 1;

  test('a key is as good as destroyed, and the next request about the trash destroys it: the log names it, and no actor', async () => {
    const short = await startVault({ TRASH_DAYS: '2', JWT_EXPIRY_HOURS: '200' });
    const client = await short.signIn('colleague', password);
    const anotherAdmin = await short.signIn('admin', 'admin123');
    const id = await trashed('too old', client);
    later(1.9);
    expect(await idsOf(client)).toContain(id);
    later(0.2);
    expect((await restore(client, id)).status).toBe(404);
    expect(await exists(id)).toBe(true);
    const fresh = Number((await client('DELETE', path(await add(undefined, client)))).headers.get('Trash-Id'));
    expect([await exists(id), await exists(fresh)]).toEqual([false, true]);
    const { body } = await anotherAdmin('GET', '/logs?action=destroy_key&limit=1');
    expect(body.logs).toMatchObject([{ target: 'too old', user_name: null, reason: 'trash_emptied', success: true }]);
    expect((await client('GET', '/logs?limit=500')).text).not.toContain('trash_emptied');
  });

  test('at most so many are destroyed by one request', async () => {
    const short = await startVault({ TRASH_DAYS: '1', JWT_EXPIRY_HOURS: '200' });
    const client = await short.signIn('colleague', password);
    const rows = maxPurgedPerRequest + 5;
    await testDb().exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version, likeness, deleted_at, deleted_by) SELECT 'old ' || i, 1, '', 0, 0, 1, 'old ' || i, i, '' FROM n`,
    );
    const left = () => testDb().prepare("SELECT count(*) AS n FROM secrets WHERE name LIKE 'old %'").first('n');
    await client('GET', '/trash');
    expect(await left()).toBe(5);
    await client('GET', '/trash');
    expect(await left()).toBe(0);
  });
});

test('a full trash stops new keys, never a deletion; what is destroyed makes room', async () => {
  const hoarder = await join('hoarder');
  const id = await testDb().prepare("SELECT id FROM users WHERE name = 'hoarder'").first<number>('id');
  const small = await startVault({ MAX_KEYS_PER_USER: '3' });
  const client = await small.signIn('hoarder', password);
  await add('kept by the hoarder', hoarder);
  await testDb().exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${minTrashedPerAccount}) INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version, likeness, deleted_at, deleted_by) SELECT 'hoarded ' || i, ${id}, '', 0, 0, 1, '', ${Date.now()}, '' FROM n`,
  );
  const full = await client('POST', '/keys', { key_name: 'one more', api_key: 'x' });
  expect([full.status, full.body.error]).toEqual([429, expect.stringMatching(/^Your trash/)]);
  const deleted = await client('DELETE', path('kept by the hoarder'));
  expect(deleted.status).toBe(200);
  for (const each of (await idsOf(client)).slice(0, 2)) {
    expect((await client('DELETE', `/trash/${each}`)).status).toBe(200);
  }
  expect((await client('POST', '/keys', { key_name: 'one more', api_key: 'x' })).status).toBe(201);
  await client('POST', '/keys', { key_name: 'two more', api_key: 'x' });
  await client('POST', '/keys', { key_name: 'three more', api_key: 'x' });
  const [last = 0] = await idsOf(client);
  const back = await restore(client, last);
  expect([back.status, back.body.error]).toEqual([429, expect.stringMatching(/as many keys as there may be/)]);
});

test('names of others that one hits upon by restoring count as those that one tries to add', async () => {
  const prober = await join('prober');
  await add('held by somebody', colleague);
  const id = await trashed('bait', prober);
  const statuses = [];
  for (let index = 0; index < 61; index++) {
    statuses.push((await restore(prober, id, { key_name: 'held by somebody' })).status);
  }
  expect(statuses).toEqual([...Array(60).fill(409), 429]);
});
