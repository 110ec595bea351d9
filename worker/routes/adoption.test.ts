/**
 * A vault of an earlier version seals its rows once, after its upgrade. An old copy of the database makes it neither do so again nor begin
 * anew.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseKeyring, sealCanary } from '../../core/crypto/keyring.ts';
import { adoptRows } from '../operations/sealing-rows.ts';
import { eveId, hostileVault, noKeys, one, password, sql, tables } from '../testing/hostile.ts';
import { forgersDb, startVault, testKeys } from '../testing/vault.ts';

const { people } = hostileVault();
const { token: oldCanary } = sealCanary(parseKeyring(testKeys.ENCRYPTION_KEY));

/** The database of before, as an upgrade finds it, or as somebody who has a copy puts it back. */
const putBack = () =>
  noKeys(
    `UPDATE instance SET canary = '${oldCanary}', sealed_at = NULL`,
    ...['users', 'projects', 'members', 'secrets', 'secret_versions', 'service_tokens', 'token_secrets'].map(
      (table) => `UPDATE ${table} SET seal = NULL`,
    ),
  );

/** Whoever writes the file is not bound by its triggers. */
const takeAllOut = async () => {
  const { results } = await sql("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit_events'");
  await noKeys(
    ...results.map(({ name }) => `DROP TRIGGER "${name}"`),
    ...[...tables, 'audit_events', 'instance'].map((name) => `DELETE FROM ${name}`),
  );
};

let record: Record<string, string | number>;
beforeAll(async () => {
  record = await one('SELECT * FROM instance');
});
beforeEach(async () => {
  await sql('DELETE FROM instance');
  const names = Object.keys(record);
  await sql(`INSERT INTO instance (${names}) VALUES (${names.map(() => '?')})`, ...Object.values(record));
});

/** Everything that a start could change. */
const everything = async () =>
  JSON.stringify(
    await Promise.all(
      [...tables, 'instance', 'audit_events'].map(async (table) => (await sql(`SELECT * FROM ${table}`)).results),
    ),
  );

const requiring = () => startVault({ REQUIRE_SEALS: 'true' });
const events = async () => (await sql("SELECT * FROM audit_events WHERE action = 'vault.seal'")).results;

test('the first request seals all rows and the log says how many; after that a missing seal is a broken one', async () => {
  await putBack();
  const upgraded = await startVault();
  const eve = await upgraded.signIn('eve', `${password} eve`);
  expect((await eve('GET', '/keys/OF_EVE')).body.api_key).toBe('own value');
  expect((await one("SELECT seal FROM secrets WHERE name = 'OF_ANN'")).seal).toMatch(/^[0-9a-f]{16}\.[\w-]{43}$/);
  const counts = await Promise.all(
    ['users', 'projects', 'members', 'secrets', 'secret_versions', 'service_tokens', 'token_secrets'].map((table) =>
      one(`SELECT count(*) AS n FROM ${table}`),
    ),
  );
  const target = `${counts.reduce((sum, { n }) => sum + Number(n), 0)} records`;
  expect(await events()).toMatchObject([{ target, outcome: 'allowed', actor_id: null, address: 'localhost' }]);
  const admin = await upgraded.signIn('admin', `${password} admin`);
  const { logs } = (await admin('GET', '/logs?action=seal_vault')).body;
  expect(logs).toMatchObject([{ action: 'seal_vault', target, user_name: null, success: true }]);
  await sql("UPDATE users SET seal = NULL WHERE name = 'eve'");
  await sql('UPDATE instance SET sealed_at = NULL');
  expect((await eve('GET', '/keys/OF_EVE')).status).toBe(403);
});

test('a seal that does not hold stays as it is', async () => {
  await putBack();
  await sql(`UPDATE secrets SET owner_id = ${eveId}, seal = 'x' WHERE name = 'OF_ANN'`);
  const eve = await (await startVault()).signIn('eve', `${password} eve`);
  expect((await eve('GET', '/keys/OF_ANN')).status).toBe(403);
  expect((await eve('GET', '/keys/OF_EVE')).status).toBe(200);
});

test.each([
  ['has got a seal', "UPDATE users SET seal = 'another' WHERE name = 'eve'", 'another'],
  ['has been changed', "UPDATE users SET role = 'admin' WHERE name = 'eve'", null],
])('a row that %s since it was read is left alone', async (_, statement, expected) => {
  await putBack();
  const db = forgersDb();
  let trips = 0;
  const meanwhile = async (statements: D1PreparedStatement[]) => {
    if (++trips === 2) await sql(statement);
    return db.batch(statements);
  };
  const keyring = parseKeyring(testKeys.ENCRYPTION_KEY);
  await adoptRows({ db: { prepare: (text: string) => db.prepare(text), batch: meanwhile }, keyring } as never);
  expect(await one("SELECT seal FROM users WHERE name = 'eve'")).toEqual({ seal: expected });
  expect((await one("SELECT seal FROM users WHERE name = 'ann'")).seal).toMatch(/^[0-9a-f]{16}\./);
});

test('a vault that has its seals starts with REQUIRE_SEALS as without, and takes over a new primary key', async () => {
  const eve = await (await requiring()).signIn('eve', `${password} eve`);
  expect((await eve('GET', '/keys/OF_EVE')).body.api_key).toBe('own value');
  const rotated = await startVault({
    ENCRYPTION_KEY: 'SrT0pRHjO1WzUprT5L2Lm0PczbqJBCMOLg6kGEo5NsI=',
    RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY,
    REQUIRE_SEALS: 'true',
  });
  expect((await rotated.anonymous('GET', '/health')).body.status).toBe('healthy');
});

describe('refused, with nothing written', () => {
  const retired = 'SrT0pRHjO1WzUprT5L2Lm0PczbqJBCMOLg6kGEo5NsI=';
  type Refusal = [what: string, change: () => Promise<unknown>, message: RegExp];
  const changes: Refusal[] = [
    ['a database of before', putBack, /never sealed.*restore-data\.sh.*remove REQUIRE_SEALS/],
    [
      'the same, with rows that somebody changed',
      async () => {
        await putBack();
        await sql(`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`);
      },
      /never sealed/,
    ],
    [
      'the same, under another primary key',
      async () => {
        const { token, keyId } = sealCanary(parseKeyring(retired));
        await putBack();
        await sql('UPDATE instance SET canary = ?, key_id = ?', token, keyId);
      },
      /never sealed/,
    ],
    ['an emptied database', takeAllOut, /no vault in the database, but there was one.*begin a new vault/],
  ];

  test.each(changes)('%s, by a vault with REQUIRE_SEALS', async (_, change, message) => {
    await change();
    const before = await everything();
    const vault = await startVault({ REQUIRE_SEALS: 'true', RETIRED_ENCRYPTION_KEYS: retired });
    const health = await vault.anonymous('GET', '/health');
    expect([health.status, health.body]).toMatchObject([
      503,
      { status: 'unhealthy', reason: 'seals_gone', error: expect.stringMatching(message) },
    ]);
    const signIn = await vault.anonymous('POST', '/auth/login', { username: 'admin', password: 'admin123' });
    expect([signIn.status, signIn.body.error]).toEqual([503, expect.stringMatching(message)]);
    const known = await vault.client(people.eve.token ?? '')('GET', '/keys/OF_ANN');
    expect([known.status, known.text]).toEqual([503, expect.not.stringContaining('value of')]);
    expect(await everything()).toBe(before);
  });

  test.each(changes)(
    '%s, by a running vault without REQUIRE_SEALS, asked for its health',
    async (what, change, message) => {
      const isOfOtherKey = what.includes('another primary key');
      expect((await people.eve('GET', '/keys/OF_EVE')).status).toBe(200);
      await change();
      const before = await everything();
      const { status, body } = await people.vault.anonymous('GET', '/health');
      expect([status, body.reason]).toEqual([503, isOfOtherKey ? 'wrong_key' : 'seals_gone']);
      if (!isOfOtherKey) expect(body.error).toMatch(message);
      expect(await everything()).toBe(before);
    },
  );

  test('a database of before, by an isolate that has only served rows and never opened the vault', async () => {
    const other = await startVault();
    const eve = other.client(people.eve.token ?? '');
    expect((await eve('GET', '/keys/OF_EVE')).status).toBe(200);
    await putBack();
    const before = await everything();
    expect((await eve('GET', '/keys/OF_EVE')).status).toBe(503);
    expect(await everything()).toBe(before);
  });
});

test('an empty database becomes a new vault without REQUIRE_SEALS, and with "false"', async () => {
  for (const REQUIRE_SEALS of [undefined, 'false']) {
    await takeAllOut();
    const vault = await startVault(REQUIRE_SEALS === undefined ? {} : { REQUIRE_SEALS });
    expect((await vault.anonymous('GET', '/health')).status).toBe(200);
  }
});
