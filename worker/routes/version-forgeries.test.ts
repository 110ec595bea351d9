/**
 * Versions and numbers of keys, forged by somebody who can write the database and has no key: no earlier value of a key reaches anybody
 * who may not read that key, under whatever name and number.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { eveId, hostileVault, noKeys, one, shadow, sql, tables, unshadow } from '../testing/hostile.ts';
import { type Client, startVault, testKeys } from '../testing/vault.ts';

const { people, later, clock } = hostileVault();
let admin: Client;
let ann: Client;
let eve: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ admin, ann, eve, vault } = people);
});

interface Answer {
  status: number;
  text: string;
}

const annsValues = /(first|second|other|shop) value/;
const versionsOf = (id: unknown) =>
  sql('SELECT number, token, binding, key_id, seal FROM secret_versions WHERE secret_id = ? ORDER BY number', id);
const idOf = async (name: string) => (await one(`SELECT id FROM secrets WHERE name = '${name}'`)).id;
const state = async () =>
  Promise.all(
    tables
      .filter((table) => table !== 'sessions')
      .map(async (table) =>
        (await sql(`SELECT * FROM ${table}`)).results.map(({ last_login_at, last_used_at, ...row }) => row),
      ),
  );

/** Ann's key loses its name, and eve makes one of the same name, with as many versions. Their numbers. */
const sameName = async () => {
  const anns = await idOf('OF_ANN');
  await sql("UPDATE secrets SET name = 'gone', likeness = 'gone' WHERE name = 'OF_ANN'");
  for (const [method, path, value] of [
    ['POST', '/keys', 'mine 1'],
    ['PUT', '/keys/OF_ANN', 'mine 2'],
    ['PUT', '/keys/OF_ANN', 'mine 3'],
  ] as const)
    expect((await eve(method, path, { key_name: 'OF_ANN', api_key: value })).status).toBeLessThan(300);
  return { anns, eves: await idOf('OF_ANN') };
};

/** What may let an earlier value out, or make it the current one. Version 1 of eve's key is forged. */
const asks: [string, () => Promise<Answer>][] = [
  ['reads the version', () => eve('GET', '/keys/OF_ANN?version=1')],
  ['reads it at its path', () => eve('GET', '/v1/secret/data/OF_ANN?version=1')],
  ['restores it', () => eve('POST', '/keys/OF_ANN/restore', { version: 1 })],
  ['renames the key', () => eve('PUT', '/keys/OF_ANN', { key_name: 'MINE' })],
  ['renames the key and changes its value', () => eve('PUT', '/keys/OF_ANN', { key_name: 'MINE', api_key: 'mine 4' })],
  [
    'takes the key out of the trash under another name',
    async () => {
      const id = await idOf('OF_ANN');
      await eve('DELETE', '/keys/OF_ANN');
      return eve('POST', `/trash/${id}/restore`, { key_name: 'MINE' });
    },
  ],
];

const refusedAsBroken = async (ask: () => Promise<Answer>, name: string) => {
  const { id } = await one('SELECT max(id) AS id FROM audit_events');
  const answer = await ask();
  expect(answer.text).not.toMatch(annsValues);
  expect([answer.status, answer.text]).toEqual([
    expect.toSatisfy((status) => [403, 404].includes(status)),
    expect.any(String),
  ]);
  const { results } = await sql(
    `SELECT target FROM audit_events WHERE id > ${id} AND outcome = 'denied' AND reason = 'seal_broken'`,
  );
  expect(results).toEqual([{ target: name }]);
  later();
  const health = await vault.anonymous('GET', '/health');
  expect([health.status, health.body.status, health.body.reason]).toEqual([200, 'degraded', 'seal_broken']);
  expect(JSON.parse((await admin('GET', '/auth/session')).text).broken_seals).toContain(name);
};

/** While a view shows the versions, with other expressions for some columns. */
const withVersions = async (changed: Record<string, string>, attack: () => Promise<void>) => {
  await sql('CREATE TABLE real_versions AS SELECT * FROM secret_versions');
  await sql('ALTER TABLE secret_versions RENAME TO hidden_versions');
  const columns = (await sql("SELECT name FROM pragma_table_info('hidden_versions')")).results.map(({ name }) =>
    String(name),
  );
  const shown = columns.map((name) => `${changed[name] ?? name} AS ${name}`);
  await sql(`CREATE VIEW secret_versions AS SELECT ${shown.join(', ')} FROM real_versions`);
  await sql(
    `CREATE TRIGGER evil_insert INSTEAD OF INSERT ON secret_versions BEGIN INSERT INTO real_versions (${columns.join(', ')}) VALUES (${columns.map((name) => `NEW.${name}`).join(', ')}); END`,
  );
  await sql('CREATE TRIGGER evil_update INSTEAD OF UPDATE ON secret_versions BEGIN SELECT 1; END');
  await sql('CREATE TRIGGER evil_delete INSTEAD OF DELETE ON secret_versions BEGIN SELECT 1; END');
  try {
    await attack();
  } finally {
    await sql('DROP VIEW secret_versions');
    await sql('DELETE FROM hidden_versions');
    await sql('INSERT OR IGNORE INTO hidden_versions SELECT * FROM real_versions');
    await sql('DROP TABLE real_versions');
    await sql('ALTER TABLE hidden_versions RENAME TO secret_versions');
  }
};

describe('an earlier version of another key of the same name is put among those of eve', () => {
  test.each(asks)('by its value and its seal: eve %s', async (_, ask) => {
    const { anns, eves } = await sameName();
    const [first] = (await versionsOf(anns)).results;
    await sql(
      'UPDATE secret_versions SET token = ?, binding = ?, key_id = ?, seal = ? WHERE secret_id = ? AND number = 1',
      ...['token', 'binding', 'key_id', 'seal'].map((column) => first?.[column]),
      eves,
    );
    await refusedAsBroken(ask, 'version 1 of key OF_ANN');
  });

  test.each(asks)('by the number of its key: eve %s', async (_, ask) => {
    const { anns, eves } = await sameName();
    await sql('DELETE FROM secret_versions WHERE secret_id = ? AND number = 1', eves);
    await sql('UPDATE secret_versions SET secret_id = ? WHERE secret_id = ? AND number = 1', eves, anns);
    await refusedAsBroken(ask, 'version 1 of key OF_ANN');
  });

  test('by giving her key the number of the other', async () => {
    const { anns, eves } = await sameName();
    await noKeys(
      `UPDATE secrets SET id = -1 WHERE id = ${anns}`,
      `UPDATE secrets SET id = ${anns} WHERE id = ${eves}`,
      `UPDATE secret_versions SET number = number + 10 WHERE secret_id = ${anns}`,
      `UPDATE secret_versions SET secret_id = ${anns} WHERE secret_id = ${eves}`,
      `UPDATE secret_versions SET (secret_id, number) = (-1, 99) WHERE secret_id = ${anns} AND number = 1`,
      `UPDATE secret_versions SET number = 1 WHERE secret_id = ${anns} AND number = 11`,
    );
    for (const ask of [
      () => eve('GET', '/keys/OF_ANN'),
      () => eve('GET', '/keys/OF_ANN?version=1'),
      () => eve('GET', '/v1/secret/data/OF_ANN?version=1'),
      () => eve('POST', '/keys/OF_ANN/restore', { version: 1 }),
      () => eve('PUT', '/keys/OF_ANN', { key_name: 'MINE' }),
    ])
      await refusedAsBroken(ask, 'key OF_ANN');
  });

  test.each([
    ['POST /keys', (value: string) => eve('POST', '/keys', { key_name: 'OF_ANN', api_key: value })],
    [
      'an import',
      (value: string) => eve('POST', '/keys/import', { entries: [{ key_name: 'OF_ANN', api_key: value }] }),
    ],
    ['a write to its path', (value: string) => eve('POST', '/v1/secret/data/OF_ANN', { data: { value } })],
  ])('by the next number that the file says, with %s', async (_, add) => {
    const anns = await idOf('OF_ANN');
    const kept = (await versionsOf(anns)).results;
    await sql('DELETE FROM secrets WHERE id = ?', anns);
    await sql("UPDATE sqlite_sequence SET seq = ? WHERE name = 'secrets'", Number(anns) - 1);
    expect((await add('mine 1')).status).toBeLessThan(300);
    const eves = await idOf('OF_ANN');
    expect(eves).not.toBe(anns);
    expect(Number(eves)).toBeGreaterThan(1e15);
    await eve('PUT', '/keys/OF_ANN', { api_key: 'mine 2' });
    const [first] = kept;
    await sql(
      'UPDATE secret_versions SET token = ?, binding = ?, key_id = ?, seal = ? WHERE secret_id = ? AND number = 1',
      ...['token', 'binding', 'key_id', 'seal'].map((column) => first?.[column]),
      eves,
    );
    await refusedAsBroken(() => eve('GET', '/keys/OF_ANN?version=1'), 'version 1 of key OF_ANN');
  });

  test('by a trigger that gives her new key the number of the other', async () => {
    const anns = await idOf('OF_ANN');
    const [first] = (await versionsOf(anns)).results;
    await noKeys(
      `UPDATE secrets SET id = -1, name = 'gone', likeness = 'gone' WHERE id = ${anns}`,
      `UPDATE secret_versions SET secret_id = -1 WHERE secret_id = ${anns}`,
    );
    await sql(
      `CREATE TRIGGER evil AFTER INSERT ON secrets BEGIN UPDATE secrets SET id = ${anns} WHERE id = NEW.id; END`,
    );
    await eve('POST', '/keys', { key_name: 'OF_ANN', api_key: 'mine 1' });
    await sql('DROP TRIGGER evil');
    expect(await idOf('OF_ANN')).toBe(anns);
    await sql('UPDATE secret_versions SET number = 3 WHERE secret_id = ?', anns);
    await sql(
      `INSERT INTO secret_versions (secret_id, number, token, binding, key_id, seal, created_at, created_by) VALUES (${anns}, 1, ?, ?, ?, ?, 0, '')`,
      ...['token', 'binding', 'key_id', 'seal'].map((column) => first?.[column]),
    );
    for (const path of ['/keys/OF_ANN', '/keys/OF_ANN?version=1', '/v1/secret/data/OF_ANN?version=1'])
      expect((await eve('GET', path)).text).not.toMatch(annsValues);
  });

  test("by a key in the trash that is said to be nobody's, which a write to its path brings back", async () => {
    const anns = await idOf('OF_ANN');
    await sql(`UPDATE secrets SET owner_id = ${eveId}, deleted_at = ${clock()}, deleted_by = '' WHERE id = ${anns}`);
    // To the verdict it is hers now and then, and to the check it is nobody's, which needs no seal.
    await shadow('secrets', { owner_id: `iif(id = ${anns} AND (random() & 1), NULL, owner_id)` });
    const changed = ['deleted_at', 'deleted_by', 'current_version', 'seal'];
    const statuses = new Set<number>();
    try {
      for (let n = 0; n < 120; n++) {
        statuses.add((await eve('POST', '/v1/secret/data/OF_ANN', { data: { value: 'mine' } })).status);
        await sql('UPDATE real_secrets SET owner_id = ? WHERE id = ?', (await one(eveId.slice(1, -1))).id, anns);
      }
      await sql(
        `UPDATE hidden_secrets SET (${changed.join()}) = (SELECT ${changed.join()} FROM real_secrets WHERE id = ${anns}) WHERE id = ${anns}`,
      );
    } finally {
      await unshadow('secrets');
    }
    // It may be taken for a new key as well, which the foreign key of the version stops here.
    expect([...statuses]).not.toContain(200);
    const texts: string[] = [];
    for (const path of ['/keys/OF_ANN', '/keys/OF_ANN?version=1', '/v1/secret/data/OF_ANN?version=1'])
      texts.push((await eve('GET', path)).text);
    expect(texts.filter((text) => annsValues.test(text))).toEqual([]);
  });
});

test('a view says now and then that an earlier version has the value of another key', async () => {
  const { anns, eves } = await sameName();
  const shown = (name: string) =>
    `CASE WHEN secret_id = ${eves} AND number = 1 AND (random() & 1) THEN (SELECT ${name} FROM real_versions WHERE secret_id = ${anns} AND number = 1) ELSE ${name} END`;
  const texts: string[] = [];
  await withVersions({ token: shown('token'), binding: shown('binding') }, async () => {
    for (let n = 0; n < 60; n++) texts.push((await eve('GET', '/keys/OF_ANN?version=1')).text);
    for (let n = 0; n < 60; n++) texts.push((await eve('GET', '/v1/secret/data/OF_ANN?version=1')).text);
  });
  expect(texts.filter((text) => annsValues.test(text))).toEqual([]);
  expect(texts.some((text) => text.includes('mine 1'))).toBe(true);
});

test('a view says now and then that the version to restore has no number', async () => {
  const { anns, eves } = await sameName();
  const [first] = (await versionsOf(anns)).results;
  await sql(
    'UPDATE secret_versions SET token = ?, binding = ?, key_id = ? WHERE secret_id = ? AND number = 1',
    ...['token', 'binding', 'key_id'].map((column) => first?.[column]),
    eves,
  );
  const { seal = null } = await one(`SELECT seal FROM secrets WHERE id = ${eves}`);
  await sql('CREATE TABLE decided (n)');
  await sql(
    "CREATE TRIGGER evil AFTER INSERT ON audit_events WHEN NEW.action = 'version.restore' AND NEW.outcome = 'allowed' BEGIN INSERT INTO decided VALUES (1); END",
  );
  const isHidden = `secret_id = ${eves} AND number = 1 AND (random() & 3) = 0 AND NOT EXISTS (SELECT 1 FROM decided)`;
  const answers: Answer[] = [];
  await withVersions({ number: `CASE WHEN ${isHidden} THEN NULL ELSE number END` }, async () => {
    for (let n = 0; n < 200; n++) {
      // What was carried out without a seal.
      await sql('DELETE FROM decided');
      await sql(`DELETE FROM real_versions WHERE secret_id = ${eves} AND number > 3`);
      await sql(`UPDATE secrets SET current_version = 3, seal = ? WHERE id = ${eves}`, seal);
      answers.push(await eve('POST', '/keys/OF_ANN/restore', { version: 1 }), await eve('GET', '/keys/OF_ANN'));
    }
  });
  await sql('DROP TRIGGER evil');
  await sql('DROP TABLE decided');
  expect(answers.filter(({ status }, index) => index % 2 === 0 && status === 200)).toEqual([]);
  expect(answers.filter(({ text }) => annsValues.test(text))).toEqual([]);
});

test('a view says now and then that a version is another one of the same key', async () => {
  await ann('PUT', '/keys/OF_ANN', { api_key: 'third value' });
  const id = await idOf('OF_ANN');
  const number = `CASE WHEN secret_id = ${id} AND number < 3 AND (random() & 1) THEN 3 - number ELSE number END`;
  const texts: string[] = [];
  await withVersions({ number }, async () => {
    for (let n = 0; n < 60; n++) texts.push((await ann('GET', '/keys/OF_ANN?version=1')).text);
    for (let n = 0; n < 60; n++) texts.push((await ann('GET', '/v1/secret/data/OF_ANN?version=1')).text);
  });
  expect(texts.filter((text) => text.includes('second value'))).toEqual([]);
});

describe('versions of one key', () => {
  const forged: [what: string, statement: string][] = [
    [
      'with their numbers swapped',
      'UPDATE secret_versions SET number = iif(number = 1, 22, 21) WHERE number < 3 AND secret_id = :id',
    ],
    [
      'with the value of another one',
      'UPDATE secret_versions SET (token, binding) = (SELECT token, binding FROM secret_versions other WHERE other.secret_id = :id AND other.number = 2) WHERE number = 1 AND secret_id = :id',
    ],
    [
      'with the value and the seal of another one',
      'UPDATE secret_versions SET (token, binding, seal) = (SELECT token, binding, seal FROM secret_versions other WHERE other.secret_id = :id AND other.number = 2) WHERE number = 1 AND secret_id = :id',
    ],
    ['without a seal', 'UPDATE secret_versions SET seal = NULL WHERE number = 1 AND secret_id = :id'],
    [
      'with the seal of a key that nobody has',
      "UPDATE secret_versions SET seal = 'ffffffffffffffff.' || substr(seal, 18) WHERE number = 1 AND secret_id = :id",
    ],
  ];
  test.each(forged)('%s are not served, and not made the current one', async (_, statement) => {
    await ann('PUT', '/keys/OF_ANN', { api_key: 'third value' });
    const id = await idOf('OF_ANN');
    await sql(statement.replaceAll(':id', String(id)));
    await sql('UPDATE secret_versions SET number = number - 20 WHERE number > 20 AND secret_id = ?', id);
    const before = await state();
    const name = 'version 1 of key OF_ANN';
    for (const path of ['/keys/OF_ANN?version=1', '/v1/secret/data/OF_ANN?version=1'])
      await refusedAsBroken(() => ann('GET', path), name);
    await refusedAsBroken(() => ann('POST', '/keys/OF_ANN/restore', { version: 1 }), name);
    await refusedAsBroken(() => ann('PUT', '/keys/OF_ANN', { key_name: 'RENAMED' }), name);
    expect(await state()).toEqual(before);
    expect((await ann('GET', '/keys/OF_ANN')).body.api_key).toBe('third value');
  });

  test('one that was erased needs no seal, and one that does not hold can be erased', async () => {
    const id = await idOf('OF_ANN');
    await sql('UPDATE secret_versions SET seal = NULL WHERE number = 1 AND secret_id = ?', id);
    expect((await ann('GET', '/keys/OF_ANN?version=1')).status).toBe(403);
    expect((await ann('DELETE', '/keys/OF_ANN/versions/1')).status).toBe(200);
    expect(await one(`SELECT seal, binding FROM secret_versions WHERE number = 1 AND secret_id = ${id}`)).toEqual({
      seal: null,
      binding: null,
    });
    later();
    expect((await vault.anonymous('GET', '/health')).body.status).toBe('healthy');
    expect((await ann('PUT', '/keys/OF_ANN', { key_name: 'RENAMED' })).status).toBe(200);
    expect((await ann('GET', '/keys/RENAMED')).body.api_key).toBe('second value');
  });

  test('is well again once the row is as the vault left it', async () => {
    const id = await idOf('OF_ANN');
    const { seal } = await one(`SELECT seal FROM secret_versions WHERE number = 1 AND secret_id = ${id}`);
    await sql('UPDATE secret_versions SET seal = NULL WHERE secret_id = ?', id);
    expect((await ann('GET', '/keys/OF_ANN?version=1')).status).toBe(403);
    // The seal of the key covers the current one.
    expect((await ann('GET', '/keys/OF_ANN')).body.api_key).toBe('second value');
    expect((await ann('GET', '/keys/OF_ANN?version=2')).body.api_key).toBe('second value');
    await sql('UPDATE secret_versions SET seal = ? WHERE number = 1 AND secret_id = ?', seal, id);
    later();
    expect((await vault.anonymous('GET', '/health')).body.status).toBe('healthy');
    expect((await ann('GET', '/keys/OF_ANN?version=1')).body.api_key).toBe('first value');
  });
});

describe('every way to make or to move a version gives it a seal that holds', () => {
  const readable = async (name: string, values: Record<number, string>) => {
    for (const [version, value] of Object.entries(values)) {
      const path = `/keys/${encodeURIComponent(name)}?version=${version}`;
      expect([version, (await ann('GET', path)).body.api_key]).toEqual([version, value]);
    }
    expect((await sql('SELECT 1 FROM secret_versions WHERE token IS NOT NULL AND seal IS NULL')).results).toEqual([]);
  };
  test('changes, restores, renames, the trash, projects, imports and paths', async () => {
    await ann('PUT', '/keys/OF_ANN', { api_key: 'third value' });
    await ann('POST', '/keys/OF_ANN/restore', { version: 1 });
    await readable('OF_ANN', { 1: 'first value', 2: 'second value', 3: 'third value', 4: 'first value' });
    await ann('PUT', '/keys/OF_ANN', { key_name: 'shop/MOVED', api_key: 'fifth value' });
    await readable('shop/MOVED', { 1: 'first value', 3: 'third value', 4: 'first value', 5: 'fifth value' });
    const { body } = await ann('DELETE', '/keys/shop%2FMOVED');
    const id = await idOf('shop/MOVED');
    expect(body).toBeDefined();
    expect((await ann('POST', `/trash/${id}/restore`, { key_name: 'BACK' })).status).toBe(200);
    await readable('BACK', { 1: 'first value', 5: 'fifth value' });
    await ann('DELETE', '/keys/BACK');
    expect((await ann('POST', `/trash/${id}/restore`)).status).toBe(200);
    await readable('BACK', { 1: 'first value', 5: 'fifth value' });
    await ann('POST', '/keys/import', {
      entries: [
        { key_name: 'BACK', api_key: 'sixth value' },
        { key_name: 'IMPORTED', api_key: 'one' },
        { key_name: 'IMPORTED2', api_key: 'two' },
      ],
      on_conflict: 'update',
    });
    await readable('BACK', { 1: 'first value', 5: 'fifth value', 6: 'sixth value' });
    await ann('PUT', '/keys/IMPORTED', { api_key: 'later' });
    await readable('IMPORTED', { 1: 'one', 2: 'later' });
    expect((await ann('POST', '/v1/secret/data/AT_PATH', { data: { value: 'path 1' } })).status).toBe(200);
    await ann('POST', '/v1/secret/data/AT_PATH', { data: { value: 'path 2' } });
    await ann('DELETE', '/v1/secret/data/AT_PATH');
    expect((await ann('POST', '/v1/secret/data/AT_PATH', { data: { value: 'path 3' } })).status).toBe(200);
    await readable('AT_PATH', { 1: 'path 1', 2: 'path 2', 3: 'path 3' });
    await ann('POST', '/v1/secret/data/folder', { data: { a: 'in a', b: 'in b' } });
    await ann('DELETE', '/v1/secret/data/folder');
    expect((await ann('POST', '/v1/secret/undelete/folder', { versions: [1] })).status).toBe(204);
    await ann('PUT', '/keys/folder%2Fa', { api_key: 'in a again' });
    await readable('folder/a', { 1: 'in a', 2: 'in a again' });
    await admin('PUT', '/keys/BACK', { owner: 'eve' });
    expect((await eve('GET', '/keys/BACK?version=1')).body.api_key).toBe('first value');
    expect((await vault.anonymous('GET', '/health')).body.status).toBe('healthy');
  });

  test('a key of nobody in the trash comes back with all its versions', async () => {
    await ann('DELETE', '/keys/OF_ANN');
    const id = await idOf('OF_ANN');
    const { id: user } = await one("SELECT id FROM users WHERE name = 'ann'");
    expect((await admin('DELETE', `/users/${user}?transfer_to=eve`)).status).toBe(200);
    await sql(`UPDATE secrets SET owner_id = NULL WHERE id = ${id}`);
    expect((await admin('POST', `/trash/${id}/restore`)).status).toBe(200);
    expect((await admin('GET', '/keys/OF_ANN?version=1')).body.api_key).toBe('first value');
  });

  test('but not by the value of another version, or of another key', async () => {
    await ann('DELETE', '/keys/OF_ANN');
    const id = await idOf('OF_ANN');
    await sql(`UPDATE secrets SET owner_id = NULL, current_version = 1 WHERE id = ${id}`);
    await sql(`UPDATE secret_versions SET seal = NULL WHERE secret_id = ${id} AND number = 1`);
    await refusedAsBroken(() => admin('POST', `/trash/${id}/restore`), 'version 1 of key OF_ANN');
    await refusedAsBroken(() => admin('POST', `/trash/${id}/restore`, { key_name: 'BACK' }), 'version 1 of key OF_ANN');
  });
});

test('a new primary key takes over the seals of the versions that hold, and no other', async () => {
  const next = 'SrT0pRHjO1WzUprT5L2Lm0PczbqJBCMOLg6kGEo5NsI=';
  await sql(
    `UPDATE secret_versions SET seal = (SELECT seal FROM secret_versions other WHERE other.number = 2) WHERE number = 1 AND secret_id = (SELECT id FROM secrets WHERE name = 'OTHER')`,
  );
  await ann('PUT', '/keys/OTHER', { api_key: 'new value' });
  const rotated = await startVault({ ENCRYPTION_KEY: next, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY });
  const again = await rotated.signIn('ann', 'known to the forger ann');
  expect((await again('GET', '/keys/OF_ANN?version=1')).body.api_key).toBe('first value');
  expect((await again('GET', '/keys/OTHER?version=1')).status).toBe(403);
  const { key_id } = await one('SELECT key_id FROM instance');
  const { results } = await sql('SELECT DISTINCT substr(seal, 1, 16) AS key FROM secret_versions ORDER BY seal');
  expect(results.map(({ key }) => key)).toContain(key_id);
  // A retired key makes no seals any more, and the value stays under it.
  await sql('UPDATE instance SET key_id = key_id');
  const seal = (await import('../../core/sealed-rows.ts')).sealFor(
    (await import('../../core/crypto/keyring.ts')).parseKeyring(testKeys.ENCRYPTION_KEY),
    [
      'secret_versions',
      [],
      Object.values(
        await one(
          `SELECT secret_id, number, binding FROM secret_versions WHERE number = 1 AND secret_id = (SELECT id FROM secrets WHERE name = 'OF_ANN')`,
        ),
      ),
      null,
    ],
  );
  await sql(
    "UPDATE secret_versions SET seal = ? WHERE number = 1 AND secret_id = (SELECT id FROM secrets WHERE name = 'OF_ANN')",
    seal,
  );
  expect((await again('GET', '/keys/OF_ANN?version=1')).status).toBe(403);
  expect((await again('GET', '/keys/OF_ANN')).body.api_key).toBe('second value');
});
