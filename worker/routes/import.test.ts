/** Importing many keys: what is stored, who may, and what the log says of it. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { maxEntriesPerImport } from '../../core/limits.ts';
import { type Client, startVault, testDb } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let editor: Client;
let viewer: Client;

const password = 'a good password';

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await admin('POST', '/projects', { name: 'shop' });
  for (const role of ['editor', 'viewer']) {
    await admin('POST', '/users', { username: role, password });
    await admin('PUT', `/projects/shop/members/${role}`, { role });
  }
  editor = await vault.signIn('editor', password);
  viewer = await vault.signIn('viewer', password);
});

let lastEvent = 0;
beforeEach(async () => {
  await testDb().exec('DELETE FROM secrets');
  lastEvent = (await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id')) ?? 0;
  vault.trips.count = 0;
});

const events = async () => {
  const { results } = await testDb()
    .prepare('SELECT actor_name, action, target, outcome, reason FROM audit_events WHERE id > ? ORDER BY id')
    .bind(lastEvent)
    .all<Record<string, string | null>>();
  return results.map(({ actor_name, action, target, outcome, reason }) =>
    [actor_name, action, target, outcome, ...(reason === null ? [] : [reason])].join(' '),
  );
};

interface State {
  key_name: string;
  state: string;
  reason?: string;
}

const send = async (client: Client, body: unknown) => {
  const { status, body: answer } = await client('POST', '/keys/import', body);
  return { status, ...(answer as unknown as { applied?: boolean; entries?: State[]; error?: string }) };
};

/** Imports `name: value`; the states come as `name state`. */
const put = async (client: Client, values: Record<string, string>, more: object = {}) => {
  const entries = Object.entries(values).map(([key_name, api_key]) => ({ key_name, api_key }));
  const { entries: states, ...answer } = await send(client, { entries, ...more });
  return { ...answer, states: states?.map(({ key_name, state }) => `${key_name} ${state}`) };
};

const readValue = async (client: Client, name: string) =>
  (await client('GET', `/keys/${encodeURIComponent(name)}`)).body.api_key;

const stored = async () => {
  const { results } = await testDb()
    .prepare(
      'SELECT name, owner_id, project_id, current_version, revision, (SELECT max(number) FROM secret_versions WHERE secret_id = secrets.id) AS newest FROM secrets WHERE deleted_at IS NULL ORDER BY name',
    )
    .all<Record<string, unknown>>();
  return results;
};

test('new keys are stored, in three round trips and with an event for each', async () => {
  const { status, applied, entries } = await send(user, {
    prefix: 'my/',
    entries: [
      { key_name: 'A', api_key: 'value of A', description: 'the first' },
      { key_name: ' __proto__ ', api_key: 'value of it' },
    ],
  });
  expect(vault.trips.count).toBe(3);
  expect([status, applied, entries]).toEqual([
    200,
    true,
    [
      { key_name: 'A', state: 'new' },
      { key_name: ' __proto__ ', state: 'new' },
    ],
  ]);
  expect(await events()).toEqual(['user secret.create my/A allowed', 'user secret.create my/__proto__ allowed']);
  expect((await user('GET', '/keys/my%2FA')).body).toMatchObject({ api_key: 'value of A', description: 'the first' });
  expect(await readValue(user, 'my/__proto__')).toBe('value of it');
});

describe('a key that exists', () => {
  beforeEach(async () => {
    await put(user, { A: '1', B: '1' });
    await user('PUT', '/keys/A', { description: 'kept' });
    lastEvent = (await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id')) ?? 0;
    vault.trips.count = 0;
  });

  test('with the same value is the same under every policy, and nothing is stored', async () => {
    for (const on_conflict of ['fail', 'skip', 'update']) {
      const answer = await put(user, { A: '1' }, { on_conflict });
      expect(answer).toEqual({ status: 200, applied: true, states: ['A same'] });
    }
    expect(vault.trips.count).toBe(3);
    expect((await stored())[0]).toMatchObject({ current_version: 1, newest: 1 });
    expect(await events()).toEqual(Array(3).fill('user secret.read A allowed'));
  });

  test('with another value is a 409 under "fail", and nothing is stored', async () => {
    const answer = await put(user, { A: '2', C: '1', B: '1' });
    expect(answer).toEqual({
      status: 409,
      applied: false,
      states: ['A conflict', 'C new', 'B same'],
      error: expect.stringMatching(/on_conflict/),
    });
    expect((await stored()).map(({ name }) => name)).toEqual(['A', 'B']);
    expect(await readValue(user, 'A')).toBe('1');
  });

  test('is left alone under "skip"', async () => {
    const answer = await put(user, { A: '2', C: '1' }, { on_conflict: 'skip' });
    expect(answer).toEqual({ status: 200, applied: true, states: ['A conflict', 'C new'] });
    expect([await readValue(user, 'A'), await readValue(user, 'C')]).toEqual(['1', '1']);
  });

  test('gets a new version under "update", and keeps its description and its earlier value', async () => {
    const answer = await put(user, { A: '2', B: '1', C: '1' }, { on_conflict: 'update' });
    expect(answer).toEqual({ status: 200, applied: true, states: ['A changed', 'B same', 'C new'] });
    expect(vault.trips.count).toBe(3);
    expect(await events()).toEqual([
      'user secret.read A allowed',
      'user secret.read B allowed',
      'user secret.create C allowed',
      'user secret.update A allowed',
    ]);
    expect((await user('GET', '/keys/A')).body).toMatchObject({ api_key: '2', description: 'kept' });
    expect((await user('GET', '/keys/A?version=1')).body.api_key).toBe('1');
    expect((await stored())[0]).toMatchObject({ current_version: 2, newest: 2, revision: 3 });
  });

  test('gets the description of its entry, if there is one', async () => {
    await send(user, { entries: [{ key_name: 'A', api_key: '2', description: 'changed' }], on_conflict: 'update' });
    expect((await user('GET', '/keys/A')).body).toMatchObject({ api_key: '2', description: 'changed' });
  });

  test('keeps as many values as KEEP_VERSIONS says', async () => {
    const small = await startVault({ KEEP_VERSIONS: '2' });
    const client = await small.signIn('user', 'user123');
    for (const value of ['2', '3', '4']) await put(client, { A: value }, { on_conflict: 'update' });
    const { results } = await testDb()
      .prepare(
        "SELECT number FROM secret_versions WHERE token IS NOT NULL AND secret_id = (SELECT id FROM secrets WHERE name = 'A')",
      )
      .all();
    expect(results).toEqual([{ number: 3 }, { number: 4 }]);
    expect(await readValue(client, 'A')).toBe('4');
  });

  test('whose value does not open is another one, and can be replaced', async () => {
    await testDb().exec("UPDATE secret_versions SET key_id = 'ffffffffffffffff'");
    expect((await put(user, { A: '1' }, { on_conflict: 'update' })).states).toEqual(['A changed']);
    expect(await readValue(user, 'A')).toBe('1');
  });
});

describe('a dry run', () => {
  test('tells the states in one round trip, with an event for each key, and stores nothing', async () => {
    await put(user, { A: '1', B: '1' });
    await admin('POST', '/keys', { key_name: 'foreign', api_key: '1' });
    lastEvent += (await events()).length;
    vault.trips.count = 0;
    const values = { A: '1', B: '2', C: '1', foreign: '1', '': '1' };
    for (const [on_conflict, ofB] of [
      ['fail', 'conflict'],
      ['skip', 'conflict'],
      ['update', 'changed'],
    ]) {
      const answer = await put(user, values, { on_conflict, dry_run: true });
      const states = ['A same', `B ${ofB}`, 'C new', 'foreign conflict', ' invalid'];
      expect(answer).toEqual({ status: 200, applied: false, states });
    }
    expect(vault.trips.count).toBe(3);
    expect((await events()).slice(0, 4)).toEqual([
      'user secret.create foreign conflict name_held',
      'user secret.read A allowed',
      'user secret.read B allowed',
      'user secret.read C not_found',
    ]);
    expect((await stored()).map(({ name }) => name)).toEqual(['A', 'B', 'foreign']);
  });

  test("somebody else's key is a conflict whether the value is the same or not, and nothing is compared", async () => {
    await admin('POST', '/keys', { key_name: 'foreign', api_key: 'guessed' });
    lastEvent += 1;
    const answers = [];
    for (const value of ['guessed', 'wrong']) answers.push(await put(user, { foreign: value }, { dry_run: true }));
    expect(answers[0]).toEqual(answers[1]);
    expect(await events()).toEqual(Array(2).fill('user secret.create foreign conflict name_held'));
    const own = (await user('GET', '/logs?limit=1')).body.logs?.[0];
    expect(own).toMatchObject({ outcome: 'conflict', reason: 'name_taken' });
  });

  test('names of others cannot be tried without an end', async () => {
    const names = Array.from({ length: 61 }, (_, index) => `held ${index}`);
    await put(admin, Object.fromEntries(names.map((name) => [name, 'x'])));
    const prober = await (async () => {
      await admin('POST', '/users', { username: 'prober', password });
      return vault.signIn('prober', password);
    })();
    const answer = await put(prober, Object.fromEntries(names.map((name) => [name, 'x'])), { dry_run: true });
    expect([answer.status, answer.states]).toEqual([429, undefined]);
    expect((await put(prober, { fresh: 'x' }, { dry_run: true })).status).toBe(429);
    expect((await prober('POST', '/keys', { key_name: 'fresh', api_key: 'x' })).status).toBe(429);
  });
});

describe('an entry that is not valid', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', 'x', /must be an object/],
    ['null', null, /must be an object/],
    ['no name', { api_key: 'x' }, /key_name is missing/],
    ['an empty name', { key_name: ' ', api_key: 'x' }, /key_name must not be empty/],
    ['a name that is no text', { key_name: 7, api_key: 'x' }, /key_name must be a string/],
    ['a name that is too long', { key_name: 'x'.repeat(256), api_key: 'x' }, /255 bytes/],
    ['an invisible character', { key_name: 'a\u202eb', api_key: 'x' }, /U\+202E/],
    ['no value', { key_name: 'a' }, /api_key is missing/],
    ['an empty value', { key_name: 'a', api_key: '' }, /api_key must not be empty/],
    ['a value that is too long', { key_name: 'a', api_key: 'x'.repeat(65_537) }, /65536 bytes/],
    ['a lone surrogate', { key_name: 'a', api_key: '\ud800' }, /lone surrogate/],
    ['a description that is no text', { key_name: 'a', api_key: 'x', description: 7 }, /description/],
  ])('%s: 400 with its reason, before a 409, and nothing is stored', async (_, entry, reason) => {
    await put(user, { taken: '1' });
    const answer = await send(user, {
      prefix: 'my/dir/',
      entries: [{ key_name: 'good', api_key: 'x' }, entry],
    });
    expect([answer.status, answer.applied, answer.error]).toEqual([400, false, expect.stringMatching(/not valid/)]);
    expect(answer.entries?.map(({ state }) => state)).toEqual(['new', 'invalid']);
    expect(answer.entries?.[1]?.reason).toMatch(reason);
    const both = await send(user, { entries: [{ key_name: 'taken', api_key: '2' }, entry] });
    expect([both.status, both.entries?.map(({ state }) => state)]).toEqual([400, ['conflict', 'invalid']]);
    expect((await stored()).map(({ name }) => name)).toEqual(['taken']);
  });

  test('twice the same name, or two that look alike', async () => {
    const { status, states } = await put(user, { A: '1', ' A': '1', ｅ: '1', e: '1' });
    expect([status, states]).toEqual([400, ['A new', ' A invalid', 'ｅ new', 'e invalid']]);
  });

  test('a bad segment, in a project only', async () => {
    expect(await put(editor, { 'shop/../A': '1', 'shop/B': '1' })).toMatchObject({
      status: 400,
      states: ['shop/../A invalid', 'shop/B new'],
    });
    expect((await put(editor, { 'own/../A': '1' })).status).toBe(200);
  });

  test('all of them: 400, and an event', async () => {
    expect((await put(user, { '': '1' })).status).toBe(400);
    expect(await events()).toEqual(['user secret.create  invalid No entry of the import is valid.']);
  });
});

test.each([
  [{}, /entries is missing/],
  [{ entries: [] }, /entries must not be empty/],
  [{ entries: {} }, /entries must be a list/],
  [{ entries: [{ key_name: 'a', api_key: 'x' }], prefix: 'a' }, /prefix must be empty or end with/],
  [{ entries: [{ key_name: 'a', api_key: 'x' }], on_conflict: 'merge' }, /on_conflict must be/],
  [{ entries: [{ key_name: 'a', api_key: 'x' }], dry_run: 'no' }, /dry_run must be true or false/],
  [
    { entries: Array.from({ length: maxEntriesPerImport + 1 }, (_, i) => ({ key_name: `${i}`, api_key: 'x' })) },
    /entries has 1001 entries/,
  ],
])('a request that makes no sense is a 400 with one event (%#)', async (body, error) => {
  const answer = await send(user, body);
  expect([answer.status, answer.error]).toEqual([400, expect.stringMatching(error)]);
  expect(await events()).toHaveLength(1);
});

describe('in a project', () => {
  test('an editor adds and changes keys, which belong to the project', async () => {
    expect((await put(editor, { A: '1' }, { prefix: 'shop/prod/' })).status).toBe(200);
    expect((await put(admin, { A: '2', B: '1' }, { prefix: 'shop/prod/', on_conflict: 'update' })).status).toBe(200);
    expect(await readValue(viewer, 'shop/prod/A')).toBe('2');
    for (const row of await stored()) expect(row).toMatchObject({ owner_id: null, project_id: expect.any(Number) });
  });

  test.each<[string, () => Client, number]>([
    ['a viewer', () => viewer, 403],
    ['a stranger', () => user, 404],
  ])('%s adds nothing, and learns nothing of what is there', async (_, client, status) => {
    await put(editor, { taken: '1' }, { prefix: 'shop/' });
    const answers = [];
    for (const dry_run of [true, false]) {
      for (const name of ['taken', 'free']) {
        const answer = await client()('POST', '/keys/import', {
          prefix: 'shop/',
          entries: [{ key_name: name, api_key: '1' }],
          dry_run,
        });
        answers.push([answer.status, answer.text]);
      }
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(status);
    expect((await stored()).map(({ name }) => name)).toEqual(['shop/taken']);
  });

  test('a name that only looks as if it were in the project is refused', async () => {
    expect((await put(user, { 'ｓｈｏｐ/x': '1' })).status).toBe(404);
    expect((await put(editor, { 'ｓｈｏｐ/x': '1' })).states).toEqual(['ｓｈｏｐ/x conflict']);
  });
});

describe('the limits on what is stored', () => {
  test('hold for all entries together, of an account and of a project', async () => {
    const small = await startVault({ MAX_KEYS_PER_USER: '3' });
    const [client, inProject] = [await small.signIn('user', 'user123'), await small.signIn('editor', password)];
    const many = { A: '1', B: '1', C: '1', D: '1' };
    expect((await put(client, many)).status).toBe(429);
    expect(await stored()).toEqual([]);
    expect((await events()).at(-1)).toBe('user secret.create  denied too_many_keys');
    expect((await put(inProject, many, { prefix: 'shop/' })).error).toMatch(/project has as many keys/);
    const { D: _, ...three } = many;
    expect((await put(inProject, three, { prefix: 'shop/' })).status).toBe(200);
    expect((await put(inProject, { A: '2' }, { prefix: 'shop/', on_conflict: 'update' })).status).toBe(200);
  });

  test('hold for bytes, of whoever owns the key', async () => {
    const small = await startVault({ MAX_MEGABYTES_PER_USER: '1' });
    const [client, boss] = [await small.signIn('user', 'user123'), await small.signIn('admin', 'admin123')];
    const large = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`${index}`, 'x'.repeat(60_000)]));
    expect((await put(client, large)).status).toBe(200);
    expect(
      (
        await put(client, {
          more: 'y'.repeat(60_000),
          most: 'y'.repeat(60_000),
          all: 'y'.repeat(60_000),
          end: 'y'.repeat(60_000),
        })
      ).status,
    ).toBe(429);
    const others = Object.fromEntries(Object.keys(large).map((name) => [name, 'y'.repeat(60_000)]));
    expect((await put(boss, others, { on_conflict: 'update' })).error).toMatch(/has stored as much as it may/);
  });
});

test('a full import is stored, in parts, and each value opens', async () => {
  const entries = Array.from({ length: maxEntriesPerImport }, (_, index) => ({
    key_name: `k${index}`,
    api_key: `${index}-`.padEnd(1_700, 'ä'),
    description: 'ü'.repeat(100),
  }));
  const answer = await send(user, { prefix: 'full/', entries });
  expect([answer.status, answer.applied, answer.error]).toEqual([200, true, undefined]);
  expect(vault.trips.count).toBe(3);
  expect(await stored()).toHaveLength(maxEntriesPerImport);
  expect(await events()).toHaveLength(maxEntriesPerImport);
  const { body } = await user('POST', '/keys/values', { names: ['full/k0', 'full/k500', 'full/k999'] });
  expect((body as { values?: unknown }).values).toEqual(
    Object.fromEntries([0, 500, 999].map((index) => [`full/k${index}`, entries[index]?.api_key])),
  );
  expect((await send(user, { prefix: 'full/', entries })).entries?.every(({ state }) => state === 'same')).toBe(true);
});

describe('at the same time', () => {
  test.each(['fail', 'skip', 'update'])(
    '50 imports of the same names under "%s" leave one consistent state',
    async (on_conflict) => {
      const names = ['A', 'B', 'C'];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          put(user, Object.fromEntries(names.map((name) => [name, `value ${index}`])), { on_conflict }),
        ),
      );
      for (const { status } of answers) expect([200, 409]).toContain(status);
      if (on_conflict !== 'fail') expect(answers.every(({ status }) => status === 200)).toBe(true);
      const created = answers.filter(({ states, applied }) => applied && states?.[0] === 'A new');
      expect(created).toHaveLength(1);
      const values = await Promise.all(names.map((name) => readValue(user, name)));
      expect(new Set(values).size).toBe(1);
      const rows = await stored();
      expect(rows).toHaveLength(3);
      for (const { current_version, newest } of rows) expect(current_version).toBe(newest);
      if (on_conflict !== 'update') expect(rows[0]).toMatchObject({ current_version: 1 });
      const { results } = await testDb()
        .prepare(
          'SELECT secrets, (SELECT count(*) FROM secrets WHERE owner_id = 2) AS counted FROM usage WHERE owner_id = 2',
        )
        .all();
      expect(results).toEqual([{ secrets: 3, counted: 3 }]);
    },
  );

  test('50 imports of the same values are all applied: one stores them, the others find them', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => put(user, { A: '1', B: '2' })));
    expect(answers.every(({ status, applied }) => status === 200 && applied)).toBe(true);
    expect((await stored()).map(({ newest }) => newest)).toEqual([1, 1]);
  });
});

test('nothing is stored when a session ends between the two steps', async () => {
  const gone = await vault.signIn('user', 'user123');
  await testDb().exec(
    "CREATE TRIGGER ends AFTER INSERT ON audit_events WHEN new.action = 'secret.read' BEGIN UPDATE sessions SET revoked_at = 1; END",
  );
  try {
    await put(admin, { A: '1' });
    const result = await put(gone, { B: '1', C: '1' }, { on_conflict: 'update' });
    expect(result.status).toBe(200);
    const second = await put(gone, { B: '1', D: '1' }, { on_conflict: 'update' });
    expect(second.status).toBe(401);
    expect((await stored()).map(({ name }) => name)).toEqual(['A', 'B', 'C']);
  } finally {
    await testDb().exec('DROP TRIGGER ends');
  }
});
