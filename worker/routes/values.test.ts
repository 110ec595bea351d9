/** Reading many values at once: what leaves, to whom, and what the log says of it. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseKeyring, sealValue } from '../../core/crypto/keyring.ts';
import { maxReadBytes, maxSecretsPerRead } from '../../core/limits.ts';
import { type Client, startVault, testDb, testKeys } from '../testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

let vault: Started;
let admin: Client;
let user: Client;
let viewer: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await admin('POST', '/users', { username: 'viewer', password: 'a good password' });
  viewer = await vault.signIn('viewer', 'a good password');
  await admin('POST', '/projects', { name: 'shop' });
  await admin('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
  const add = async (client: Client, ...names: string[]) => {
    for (const key_name of names) {
      expect((await client('POST', '/keys', { key_name, api_key: `value of ${key_name}` })).status).toBe(201);
    }
  };
  await add(admin, 'shop/prod/A', 'shop/prod/B', 'shop/prod/deep/C', 'shop/production', 'shop/staging/A', 'foreign');
  await add(user, 'mine', '__proto__', 'own/A', 'own/B', 'ownership', 'values', 'import');
  await add(admin, 'own/of the admin');
});

let lastEvent = 0;
beforeEach(async () => {
  lastEvent = (await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id')) ?? 0;
  vault.trips.count = 0;
});

/** The events since the test began: who, what, about what, with which outcome. */
const events = async () => {
  const { results } = await testDb()
    .prepare('SELECT actor_name, action, target, outcome, reason FROM audit_events WHERE id > ? ORDER BY id')
    .bind(lastEvent)
    .all<Record<string, string | null>>();
  return results.map(({ actor_name, action, target, outcome, reason }) =>
    [actor_name, action, target, outcome, ...(reason === null ? [] : [reason])].join(' '),
  );
};

const read = async (client: Client, body: unknown) => {
  const { status, body: answer, text } = await client('POST', '/keys/values', body);
  return { status, answer: answer as { values?: Record<string, string>; missing?: string[]; error?: string }, text };
};

const of = (...names: string[]) => Object.fromEntries(names.map((name) => [name, `value of ${name}`]));

describe('names', () => {
  test('each that one may read is answered, in one round trip and with an event for each', async () => {
    const { status, answer } = await read(user, { names: ['own/B', 'mine', 'own/A'] });
    expect(vault.trips.count).toBe(1);
    expect(status).toBe(200);
    expect(answer).toEqual({ values: of('own/B', 'mine', 'own/A'), missing: [] });
    expect(await events()).toEqual(['own/B', 'mine', 'own/A'].map((name) => `user secret.read ${name} allowed`));
  });

  test("a missing key and somebody else's are alike, in the answer and in one's own log", async () => {
    const { answer } = await read(user, { names: ['foreign', 'mine', 'lacking', 'shop/prod/A'] });
    expect(answer).toEqual({ values: of('mine'), missing: ['foreign', 'lacking', 'shop/prod/A'] });
    expect(await events()).toEqual([
      'user secret.read foreign denied not_owner',
      'user secret.read mine allowed',
      'user secret.read lacking not_found',
      'user secret.read shop/prod/A denied not_owner',
    ]);
    const own = (await user('GET', '/logs?limit=4')).body.logs?.map(({ outcome, reason }) => [outcome, reason]);
    expect(own).toEqual([
      ['not_found', null],
      ['not_found', null],
      ['allowed', null],
      ['not_found', null],
    ]);
  });

  test('an admin and a member reach what they reach one by one', async () => {
    expect((await read(admin, { names: ['mine', 'foreign'] })).answer.values).toEqual(of('mine', 'foreign'));
    expect((await read(viewer, { names: ['shop/prod/A', 'mine'] })).answer).toEqual({
      values: of('shop/prod/A'),
      missing: ['mine'],
    });
  });

  test('a name twice is read once; white space around it is dropped, and the answer has it as it was sent', async () => {
    const { answer } = await read(user, { names: ['mine', 'mine', ' mine '] });
    expect(answer.values).toEqual({ mine: 'value of mine', ' mine ': 'value of mine' });
    expect(await events()).toHaveLength(2);
  });

  test('a name that version 1.0.0 stored with white space is reached as it is', async () => {
    await user('POST', '/keys', { key_name: 'padded', api_key: 'value of padded' });
    const db = testDb();
    await db.exec("UPDATE secrets SET name = ' padded ' WHERE name = 'padded'");
    const spoilt = await read(user, { names: [' padded ', 'padded'] });
    // Its binding is that of the other name: so it was found, and does not open.
    expect(spoilt.status).toBe(500);
    expect((await events()).slice(1, 3)).toEqual([
      'user secret.read  padded  allowed',
      'user secret.read padded not_found',
    ]);
    await db.exec("UPDATE secrets SET name = 'padded' WHERE name = ' padded '");
  });

  test('__proto__ is an ordinary name', async () => {
    const { text } = await read(user, { names: ['__proto__', 'constructor'] });
    expect(text).toBe('{"values":{"__proto__":"value of __proto__"},"missing":["constructor"]}');
  });

  test('keys called values and import answer GET, PUT and DELETE', async () => {
    for (const name of ['values', 'import']) {
      expect((await user('GET', `/keys/${name}`)).body).toMatchObject({ api_key: `value of ${name}` });
      expect((await user('PUT', `/keys/${name}`, { description: 'x' })).status).toBe(200);
      expect((await user('DELETE', `/keys/${name}`)).status).toBe(200);
    }
  });

  test('as many as a request may have are read, and one more is a 400 with the count', async () => {
    const names = Array.from({ length: maxSecretsPerRead + 1 }, (_, index) => `many ${index}`);
    expect((await read(user, { names: names.slice(1) })).answer.missing).toHaveLength(maxSecretsPerRead);
    expect(await events()).toHaveLength(maxSecretsPerRead);
    const { status, answer } = await read(user, { names });
    expect([status, answer.error]).toEqual([400, 'names has 501 entries, and one request reads at most 500.']);
    expect(await events()).toHaveLength(maxSecretsPerRead + 1);
  });
});

describe('a prefix', () => {
  test('reads what is below it, on the border of a segment, with an event for each', async () => {
    const { status, answer } = await read(viewer, { prefix: 'shop/prod/' });
    expect(vault.trips.count).toBe(1);
    expect([status, answer]).toEqual([
      200,
      { values: of('shop/prod/A', 'shop/prod/B', 'shop/prod/deep/C'), missing: [] },
    ]);
    expect(await events()).toEqual(
      ['shop/prod/A', 'shop/prod/B', 'shop/prod/deep/C'].map((name) => `viewer secret.read ${name} allowed`),
    );
  });

  test('leaves out keys of others, and does not say that there are some', async () => {
    expect((await read(user, { prefix: 'own/' })).answer).toEqual({ values: of('own/A', 'own/B'), missing: [] });
    expect(await events()).toHaveLength(2);
    expect((await read(admin, { prefix: 'own/' })).answer.values).toEqual(of('own/A', 'own/B', 'own/of the admin'));
  });

  test('of a project that one is no member of, and of nothing, answers the same', async () => {
    const foreign = await read(user, { prefix: 'shop/' });
    const nothing = await read(user, { prefix: 'none/' });
    expect([foreign.status, foreign.text]).toEqual([200, '{"values":{},"missing":[]}']);
    expect(nothing.text).toBe(foreign.text);
    expect(await events()).toEqual([
      'user secret.read shop/ not_found empty_prefix',
      'user secret.read none/ not_found empty_prefix',
    ]);
  });

  test('ends with a member’s membership', async () => {
    await admin('DELETE', '/projects/shop/members/viewer');
    expect((await read(viewer, { prefix: 'shop/prod/' })).answer.values).toEqual({});
    await admin('PUT', '/projects/shop/members/viewer', { role: 'viewer' });
    expect(Object.keys((await read(viewer, { prefix: 'shop/prod/' })).answer.values ?? {})).toHaveLength(3);
  });

  test('with more keys than one request reads is a 400 with the count, and reads nothing', async () => {
    await testDb().exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ${maxSecretsPerRead}) INSERT INTO secrets (name, likeness, owner_id, created_by, created_at, updated_at, current_version) SELECT 'full/' || i, 'full/' || i, 2, 'user', 0, 0, 1 FROM n`,
    );
    const { status, answer } = await read(user, { prefix: 'full/' });
    expect(status).toBe(400);
    expect(answer).toEqual({ error: expect.stringMatching(/^501 keys begin with this prefix, .* at most 500\./) });
    expect(await events()).toEqual([expect.stringMatching(/^user secret.read full\/ invalid 501 keys/)]);
    await testDb().exec("DELETE FROM secrets WHERE name LIKE 'full/%'");
  });
});

test.each([
  [{}, /names or prefix/],
  [{ names: ['a'], prefix: 'a/' }, /names or prefix/],
  [{ names: [] }, /names must not be empty/],
  [{ names: 'mine' }, /names must be a list/],
  [{ names: ['mine', 7] }, /must be a string/],
  [{ names: ['mine', ''] }, /must not be empty/],
  [{ names: ['mine', 'x'.repeat(256)] }, /255 bytes/],
  [{ prefix: 'own' }, /must end with "\/"/],
  [{ prefix: '' }, /must end with "\/"/],
  [{ prefix: `${'x'.repeat(255)}/` }, /255 bytes/],
])('%j is a 400 with one event', async (body, error) => {
  const { status, answer } = await read(user, body);
  expect([status, answer.error]).toEqual([400, expect.stringMatching(error)]);
  expect(await events()).toEqual([expect.stringMatching(/^user secret\.read {2}invalid/)]);
});

test('a session that has ended gets nothing, and one event however many names it asks for', async () => {
  const gone = await vault.signIn('user', 'user123');
  await gone('POST', '/auth/logout');
  lastEvent += 2;
  expect((await read(gone, { names: ['mine', 'own/A', 'own/B'] })).status).toBe(401);
  expect(await events()).toEqual(['user secret.read  unauthenticated']);
});

test('a value that does not open is not left out: the request fails, and the log names it', async () => {
  const db = testDb();
  await db.exec(
    "UPDATE secret_versions SET key_id = 'ffffffffffffffff' WHERE secret_id = (SELECT id FROM secrets WHERE name = 'own/A')",
  );
  expect((await read(user, { names: ['mine', 'own/A'] })).status).toBe(500);
  expect(await events()).toEqual([
    'user secret.read mine allowed',
    'user secret.read own/A allowed',
    'user secret.read own/A failed unknown_key',
  ]);
  const { status, answer } = await read(admin, { prefix: 'own/' });
  expect([status, answer.error]).toEqual([500, expect.stringContaining('ffffffffffffffff')]);
  await db.exec(
    "UPDATE secret_versions SET key_id = (SELECT key_id FROM instance) WHERE secret_id = (SELECT id FROM secrets WHERE name = 'own/A')",
  );
});

test('values that are too much for one answer are a 400', async () => {
  const names = Array.from({ length: 5 }, (_, index) => `large ${index}`);
  for (const key_name of names) await user('POST', '/keys', { key_name, api_key: 'x' });
  const large = Math.ceil(maxReadBytes / names.length / 2) + 1;
  await testDb().exec(
    `UPDATE secret_versions SET token = hex(zeroblob(${large})) WHERE secret_id IN (SELECT id FROM secrets WHERE name LIKE 'large %')`,
  );
  const { status, answer } = await read(user, { names: ['mine', ...names] });
  expect([status, answer.error]).toEqual([400, expect.stringMatching(/more than 8 MiB/)]);
});

test('a value that is longer than any new one comes with the others', async () => {
  const long = 'v'.repeat(400_000);
  await user('POST', '/keys', { key_name: 'of v0.6', api_key: 'x' });
  const { token, binding } = sealValue(parseKeyring(testKeys.ENCRYPTION_KEY), 'of v0.6', long);
  const isIt = "secret_id = (SELECT id FROM secrets WHERE name = 'of v0.6')";
  await testDb().prepare(`UPDATE secret_versions SET token = ?, binding = ? WHERE ${isIt}`).bind(token, binding).run();
  const missing = Array.from({ length: 20 }, (_, index) => `missing ${index}`);
  const { status, answer } = await read(user, { names: ['mine', 'of v0.6', ...missing] });
  expect([status, answer.values?.mine, answer.missing]).toEqual([200, 'value of mine', missing]);
  expect(answer.values?.['of v0.6'] === long).toBe(true);
});

test('the log counts and finds the events of such a request like all others', async () => {
  const names = Array.from({ length: 400 }, (_, index) => `counted ${index}`);
  for (let round = 0; round < 4; round++) await read(user, { names });
  const db = testDb();
  const { results: counts } = await db
    .prepare(
      "SELECT actor_id, hour, allowed, refused FROM activity WHERE actor_id > 0 EXCEPT SELECT actor_id, at - at % 3600000, sum(iif(outcome = 'allowed', coalesce(requests, 1), 0)), sum(iif(outcome = 'allowed', 0, coalesce(requests, 1))) FROM audit_events WHERE actor_id IS NOT NULL GROUP BY 1, 2",
    )
    .all();
  expect(counts).toEqual([]);
  const { results: blocks } = await db
    .prepare(
      'SELECT block FROM log_blocks WHERE newest_at IS NULL AND block < (SELECT max(id) / 1000 FROM audit_events) UNION ALL SELECT id / 1000 FROM audit_events JOIN log_blocks ON block = id / 1000 WHERE newest_at IS NOT NULL AND instr(targets, lower(target)) = 0',
    )
    .all();
  expect(blocks).toEqual([]);
  const { body } = await user('GET', '/logs?key_name=counted%20399');
  expect(body.logs?.length).toBeGreaterThan(0);
});

test('a request counts as one for each key that it asks for', async () => {
  const small = await startVault({ MAX_REQUESTS_PER_MINUTE: '50' });
  const client = await small.signIn('user', 'user123');
  expect((await read(client, { names: ['mine'] })).status).toBe(200);
  const names = Array.from({ length: 60 }, (_, index) => `${index}`);
  expect((await read(client, { names })).status).toBe(200);
  expect((await read(client, { names: ['mine'] })).status).toBe(429);
  expect((await client('GET', '/keys/mine')).status).toBe(429);
});
