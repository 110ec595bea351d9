/** Renaming a key, moving it into a project and out of it, and giving it another owner. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, sealAllRows, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
/** The manager of `shop` and `bank`. */
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
  vault = await startVault({ KEEP_VERSIONS: '3' });
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  colleague = await join('colleague');
  viewer = await join('viewer');
  editor = await join('editor');
  for (const name of ['shop', 'bank']) {
    await user('POST', '/projects', { name });
    await user('PUT', `/projects/${name}/members/viewer`, { role: 'viewer' });
    await user('PUT', `/projects/${name}/members/editor`, { role: 'editor' });
  }
});

let count = 0;
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const fresh = () => `key ${++count}`;
const add = async (name = fresh(), client = user) => {
  expect((await client('POST', '/keys', { key_name: name, api_key: `of ${name}` })).status).toBe(201);
  return name;
};
const put = (client: Client, name: string, body: object) => client('PUT', path(name), body);
const value = async (client: Client, name: string) => (await client('GET', path(name))).body.api_key;
const events = async (most: number) =>
  (
    await testDb()
      .prepare('SELECT action, target, outcome, reason, actor_name FROM audit_events ORDER BY id DESC LIMIT ?')
      .bind(most)
      .all()
  ).results.toReversed();

describe('a rename', () => {
  test('keeps every version readable, frees the old name, and the log says what it became', async () => {
    const [name, next] = [await add(), fresh()];
    await put(user, name, { api_key: 'second', description: 'd' });
    const renamed = await put(user, name, { key_name: next });
    expect([renamed.status, renamed.body]).toEqual([200, { message: 'API key updated successfully' }]);
    expect(await events(1)).toEqual([
      { action: 'secret.rename', target: name, outcome: 'allowed', reason: `to ${next}`, actor_name: 'user' },
    ]);
    expect((await user('GET', '/logs?action=rename_key&limit=1')).body.logs).toMatchObject([{ key_name: name }]);
    expect((await user('GET', path(next))).body).toMatchObject({ api_key: 'second', description: 'd', version: 2 });
    expect((await user('GET', `${path(next)}?version=1`)).body.api_key).toBe(`of ${name}`);
    expect((await user('GET', path(name))).status).toBe(404);
    await add(name, colleague);
  });

  test('takes three round trips and one event; what is refused takes one', async () => {
    const name = await add();
    vault.trips.count = 0;
    const before = await testDb().prepare('SELECT count(*) AS n FROM audit_events').first<number>('n');
    await put(user, name, { key_name: fresh() });
    expect(vault.trips.count).toBe(3);
    vault.trips.count = 0;
    expect((await put(user, name, { key_name: fresh() })).status).toBe(404);
    expect(vault.trips.count).toBe(1);
    expect(await testDb().prepare('SELECT count(*) AS n FROM audit_events').first('n')).toBe((before ?? 0) + 2);
  });

  test('erases the values that are too old to be kept, and leaves none that does not open', async () => {
    const name = await add();
    for (let index = 2; index <= 5; index++) await put(user, name, { api_key: `value ${index}` });
    const small = await startVault({ KEEP_VERSIONS: '2' });
    const client = await small.signIn('user', 'user123');
    const next = fresh();
    expect((await put(client, name, { key_name: next })).status).toBe(200);
    const statuses = [];
    for (let version = 1; version <= 5; version++) {
      statuses.push((await client('GET', `${path(next)}?version=${version}`)).status);
    }
    expect(statuses).toEqual([404, 404, 404, 200, 200]);
  });

  test('to its own name is no change; to one that only looks like its own, it is one', async () => {
    const name = await add();
    const { revision } = (await user('GET', path(name))).body;
    for (const own of [name, ` ${name}\n`]) {
      expect((await put(user, name, { key_name: own })).status).toBe(200);
    }
    expect((await user('GET', path(name))).body.revision).toBe(revision);
    const twin = name.replace(' ', '\u2003');
    expect((await put(user, name, { key_name: twin })).status).toBe(200);
    expect(await value(user, twin)).toBe(`of ${name}`);
  });

  test('to a name that is taken, or to one that looks like it: 409, the same for a key of others', async () => {
    const name = await add();
    const [own, foreign] = [await add(), await add(fresh(), colleague)];
    const answers = [];
    for (const taken of [own, foreign, `${own}\u00a0`, foreign.replace(' ', '\u2003')]) {
      const { status, text } = await put(user, name, { key_name: taken, api_key: 'not stored' });
      answers.push([status, text]);
    }
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]?.[0]).toBe(409);
    expect(await value(user, name)).toBe(`of ${name}`);
  });

  test('of a key of somebody else answers as of a missing one, wherever it should go', async () => {
    const foreign = await add(fresh(), colleague);
    for (const next of [fresh(), 'shop/x', 'nobody/x', '..', await add(fresh(), viewer)]) {
      const [theirs, missing] = [
        await put(viewer, foreign, { key_name: next }),
        await put(viewer, 'no such key', { key_name: next }),
      ];
      expect([theirs.status, theirs.text, [...theirs.headers]]).toEqual([
        next === '..' ? 400 : 404,
        missing.text,
        [...missing.headers],
      ]);
    }
    expect(await value(colleague, foreign)).toBe(`of ${foreign}`);
  });

  test('with other changes does all or none, and the log has an entry for each kind', async () => {
    const [name, next] = [await add(), fresh()];
    const changes = {
      key_name: next,
      api_key: 'new',
      description: 'new',
      labels: { env: 'prod' },
      rotate_every_days: 9,
    };
    const changed = await put(user, name, changes);
    expect([changed.status, changed.headers.get('ETag')]).toEqual([200, '"2"']);
    expect(await events(2)).toMatchObject([
      { action: 'secret.rename', target: name, reason: `to ${next}`, outcome: 'allowed', actor_name: 'user' },
      { action: 'secret.update', target: name, reason: null, outcome: 'allowed', actor_name: 'user' },
    ]);
    expect((await user('GET', path(next))).body).toMatchObject({
      ...{ api_key: 'new', description: 'new', labels: { env: 'prod' }, rotate_every_days: 9, version: 2, revision: 2 },
    });
    expect((await user('GET', `${path(next)}?version=1`)).body.api_key).toBe(`of ${name}`);
    const taken = await add();
    expect((await put(user, next, { ...changes, key_name: taken, api_key: 'no', description: 'no' })).status).toBe(409);
    expect((await user('GET', path(next))).body).toMatchObject({ api_key: 'new', description: 'new', revision: 2 });
  });

  test.each([
    ['another value at the same moment', async (name: string) => put(user, name, { api_key: 'meanwhile' }), 409],
    [
      'another key of its name',
      async (name: string) => {
        await user('DELETE', path(name));
        return add(name);
      },
      409,
    ],
    ['none of its name', async (name: string) => user('DELETE', path(name)), 404],
    ['another description', async (name: string) => put(user, name, { description: 'meanwhile' }), 200],
  ])('that meets %s leaves nothing that does not open', async (_, meanwhile, expected) => {
    const [name, next] = [await add(), fresh()];
    vault.trips.count = 0;
    vault.trips.before = async (number) => {
      if (number !== 2) return;
      vault.trips.before = undefined;
      await meanwhile(name);
    };
    expect((await put(user, name, { key_name: next })).status).toBe(expected);
    const found = (await user('GET', path(name))).status === 200 ? name : next;
    if (expected !== 404) {
      for (const { version } of (await user('GET', `${path(found)}/versions`)).body.versions ?? []) {
        expect((await user('GET', `${path(found)}?version=${version}`)).status).toBe(200);
      }
    }
  });
});

describe('bindings', () => {
  const of = (name: string, column: string) =>
    `(SELECT ${column} FROM secret_versions v JOIN secrets s ON s.id = v.secret_id WHERE s.name = '${name}')`;

  test('are checked: a value that was moved here from another key stops the rename, and is not made readable', async () => {
    const [mine, theirs] = [await add(), await add(fresh(), colleague)];
    await testDb().exec(
      `UPDATE secret_versions SET token = ${of(theirs, 'token')}, binding = ${of(theirs, 'binding')} WHERE secret_id = (SELECT id FROM secrets WHERE name = '${mine}')`,
    );
    const next = fresh();
    const refused = await put(user, mine, { key_name: next });
    expect([refused.status, refused.text]).toEqual([500, expect.stringMatching(/access log/)]);
    expect(await events(1)).toMatchObject([{ action: 'secret.rename', outcome: 'failed', reason: 'binding_mismatch' }]);
    expect((await user('GET', path(next))).status).toBe(404);
  });

  test('of a missing encryption key stop it as well, and say so', async () => {
    const name = await add();
    await testDb().exec(
      `UPDATE secret_versions SET key_id = 'ffffffffffffffff' WHERE secret_id = (SELECT id FROM secrets WHERE name = '${name}')`,
    );
    const refused = await put(user, name, { key_name: fresh() });
    expect([refused.status, refused.body.error]).toEqual([500, expect.stringMatching(/encryption key/)]);
  });

  test('of versions under a retired key are made anew with that key', async () => {
    const name = await add();
    const next = fresh();
    const retired = await startVault({
      ENCRYPTION_KEY: '3qX9XlpjcQdFS1rYkO2cQ0yXcO6v5xq2yZqJq0m3b1E=',
      RETIRED_ENCRYPTION_KEYS: 'y6ZUxwKUqtWlBlpQjUQx7ZjTKo0NrmDOqAHR3cMdbsU=',
    });
    try {
      const client = await retired.signIn('user', 'user123');
      expect((await put(client, name, { api_key: 'second', key_name: next })).status).toBe(200);
      expect(await value(client, next)).toBe('second');
      expect((await client('GET', `${path(next)}?version=1`)).body.api_key).toBe(`of ${name}`);
    } finally {
      await startVault();
      await testDb().exec('UPDATE instance SET key_id = (SELECT key_id FROM secret_versions WHERE number = 1 LIMIT 1)');
      // The rows get the seals of the key before.
      await sealAllRows();
    }
  });
});

describe('within and between projects', () => {
  test('an editor renames within the project; a viewer may not, and a stranger finds nothing', async () => {
    const name = await add(`shop/${++count}`);
    const next = `shop/deeper/${count}`;
    expect((await put(viewer, name, { key_name: next })).status).toBe(403);
    expect((await put(colleague, name, { key_name: next })).status).toBe(404);
    expect((await put(editor, name, { key_name: next })).status).toBe(200);
    expect(await value(viewer, next)).toBe(`of ${name}`);
  });

  test.each([
    ['a personal name', () => fresh()],
    ['another project', () => `bank/${++count}`],
  ])('taking a key out to %s needs a manager', async (_, target) => {
    const name = await add(`shop/${++count}`);
    const next = target();
    expect((await put(editor, name, { key_name: next })).status).toBe(403);
    expect((await put(user, name, { key_name: next })).status).toBe(200);
    expect(await value(user, next)).toBe(`of ${name}`);
    expect((await editor('GET', path(next))).status).toBe(next.startsWith('bank/') ? 200 : 404);
  });

  test('a key that leaves a project belongs to who moved it, also to an admin', async () => {
    const name = await add(`shop/${++count}`, editor);
    const next = fresh();
    expect((await put(admin, name, { key_name: next })).status).toBe(200);
    expect(await value(admin, next)).toBe(`of ${name}`);
    const own = await testDb().prepare('SELECT owner_id FROM secrets WHERE name = ?').bind(next).first('owner_id');
    expect(own).toBe(1);
  });

  test('a personal key that an admin renames stays with its owner', async () => {
    const [name, next] = [await add(), fresh()];
    expect((await put(admin, name, { key_name: next })).status).toBe(200);
    expect(await value(user, next)).toBe(`of ${name}`);
  });

  test.each(['shop/planted', 'ｓｈｏｐ/planted'])('nobody but an editor moves a key to %s', async (next) => {
    const [strange, seen] = [await add(fresh(), colleague), await add(fresh(), viewer)];
    const refused = await put(colleague, strange, { key_name: next });
    expect(refused.status).toBe(404);
    expect((await put(viewer, seen, { key_name: next })).status).toBe(403);
    await add('shop/planted', editor);
    const taken = await put(colleague, strange, { key_name: next });
    expect([taken.status, taken.text]).toEqual([refused.status, refused.text]);
    await editor('DELETE', path('shop/planted'));
  });

  test('an editor moves a personal key in, and then it is the project’s', async () => {
    const [name, next] = [await add(fresh(), editor), `shop/${++count}`];
    expect((await put(editor, name, { key_name: next, api_key: 'second' })).status).toBe(200);
    expect(await value(viewer, next)).toBe('second');
    expect((await put(editor, next, { key_name: 'shop/a//b' })).status).toBe(400);
    expect((await put(editor, next, { key_name: 'shop/' })).status).toBe(400);
  });

  test('the counts of accounts and projects are those of the tables afterwards', async () => {
    const { results } = await testDb()
      .prepare(
        `SELECT name, secrets, trashed, bytes, (SELECT count(*) FROM secrets s WHERE s.project_id = p.id AND deleted_at IS NULL) AS held,
          (SELECT count(*) FROM secrets s WHERE s.project_id = p.id AND deleted_at IS NOT NULL) AS in_trash,
          (SELECT coalesce(sum(length(token)), 0) FROM secrets s JOIN secret_versions v ON v.secret_id = s.id WHERE s.project_id = p.id) AS stored
        FROM projects p
        UNION ALL SELECT owner_id, secrets, trashed, bytes, (SELECT count(*) FROM secrets s WHERE s.owner_id = u.owner_id AND deleted_at IS NULL),
          (SELECT count(*) FROM secrets s WHERE s.owner_id = u.owner_id AND deleted_at IS NOT NULL),
          (SELECT coalesce(sum(length(token)), 0) FROM secrets s JOIN secret_versions v ON v.secret_id = s.id WHERE s.owner_id = u.owner_id)
        FROM usage u`.replaceAll('\n', ' '),
      )
      .all<Record<string, unknown>>();
    expect(results.length).toBeGreaterThan(4);
    for (const row of results) {
      expect([row.name, row.secrets, row.trashed, row.bytes]).toEqual([row.name, row.held, row.in_trash, row.stored]);
    }
  });
});

describe('a transfer', () => {
  test('is for admins: the new owner has the key with its versions, the old one has it no more', async () => {
    const name = await add();
    await put(user, name, { api_key: 'second' });
    expect((await put(user, name, { owner: 'colleague' })).status).toBe(403);
    vault.trips.count = 0;
    const given = await put(admin, name, { owner: ' colleague ' });
    expect([given.status, given.headers.get('ETag'), vault.trips.count]).toEqual([200, '"3"', 2]);
    expect(await events(1)).toEqual([
      {
        ...{ action: 'secret.transfer', target: name, outcome: 'allowed', actor_name: 'admin' },
        reason: 'from user to colleague',
      },
    ]);
    expect(await value(colleague, name)).toBe('second');
    expect((await colleague('GET', `${path(name)}?version=1`)).body.api_key).toBe(`of ${name}`);
    expect((await user('GET', path(name))).status).toBe(404);
  });

  test('tells a user nothing: the same 403 for a key of others and for none', async () => {
    const foreign = await add(fresh(), colleague);
    const [theirs, missing] = [
      await put(user, foreign, { owner: 'user' }),
      await put(user, 'no such key', { owner: 'user' }),
    ];
    expect([theirs.status, theirs.text]).toEqual([403, missing.text]);
  });

  test('of a project’s key, to a project, or to nobody that there is: 400', async () => {
    const [shared, own] = [await add(`shop/${++count}`), await add()];
    const answers = [
      await put(admin, shared, { owner: 'colleague' }),
      await put(admin, shared, { owner: 'colleague', key_name: fresh() }),
      await put(admin, own, { owner: 'colleague', key_name: `shop/${++count}` }),
      await put(admin, own, { owner: 'Colleague' }),
      await put(admin, own, { owner: '' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect((await put(admin, own, { owner: 7 })).status).toBe(400);
    expect((await put(admin, 'no such key', { owner: 'colleague' })).status).toBe(404);
    expect(await value(user, own)).toBe(`of ${own}`);
  });

  test('with a new name and a new value does all three, and the log has three entries', async () => {
    const [name, next] = [await add(), fresh()];
    expect((await put(admin, name, { owner: 'colleague', key_name: next, api_key: 'new' })).status).toBe(200);
    expect(await value(colleague, next)).toBe('new');
    expect(await events(4)).toMatchObject([
      { action: 'secret.transfer', target: name, reason: 'from user to colleague' },
      { action: 'secret.rename', target: name, reason: `to ${next}` },
      { action: 'secret.update', target: name, reason: null },
      { action: 'secret.read' },
    ]);
  });
});

test('what moves must fit where it arrives: keys and bytes of the account or of the project', async () => {
  const small = await startVault({ MAX_KEYS_PER_USER: '2', MAX_MEGABYTES_PER_USER: '1' });
  await join('receiver');
  await join('giver');
  const [giver, boss] = [await small.signIn('giver', password), await small.signIn('admin', 'admin123')];
  const receiver = await small.signIn('receiver', password);
  for (const name of ['full 1', 'full 2']) await add(name, receiver);
  await add('given', giver);
  const full = await put(boss, 'given', { owner: 'receiver' });
  expect([full.status, full.body.error]).toEqual([429, expect.stringMatching(/as many keys as there may be/)]);
  await receiver('DELETE', path('full 2'));
  await testDb().exec(
    "UPDATE usage SET bytes = 1048570 WHERE owner_id = (SELECT id FROM users WHERE name = 'receiver')",
  );
  expect((await put(boss, 'given', { owner: 'receiver' })).body.error).toMatch(/do not fit/);
  await testDb().exec("UPDATE usage SET bytes = 0 WHERE owner_id = (SELECT id FROM users WHERE name = 'receiver')");
  expect((await put(boss, 'given', { owner: 'receiver' })).status).toBe(200);
  // Within the account nothing arrives.
  expect((await put(receiver, 'given', { key_name: 'given another name' })).status).toBe(200);
});
