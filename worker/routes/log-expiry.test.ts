/** Events that are older than LOG_RETENTION_DAYS: what leaves the log, what stays, and that nothing else passes for that. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventsPerExpiry, expiryIntervalMs, maxUnsealedMs, minSealingIntervalMs } from '../../core/limits.ts';
import { parseEnv } from '../env.ts';
import { expireEvents } from '../operations/log-expiry.ts';
import { isSealingDue, sealAll, sealGathered } from '../operations/log-sealer.ts';
import { type Client, emptyDatabase, startVault, testDb, testKeys } from '../testing/vault.ts';

const day = 86_400_000;
const kept = 30;
let client: Client;

beforeEach(async () => {
  await emptyDatabase();
  const started = await startVault();
  client = await started.signIn('admin', 'admin123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  // The log begins with what follows.
  await tamper('DELETE FROM audit_events', 'DELETE FROM log_blocks', 'DELETE FROM key_readers');
});

afterEach(() => {
  vi.restoreAllMocks();
});

const vaultOf = (days = String(kept)) => parseEnv({ DB: testDb(), ...testKeys, LOG_RETENTION_DAYS: days }).vault;

/** What the owner of the database can do: triggers are no obstacle. */
const tamper = async (...statements: string[]) => {
  const guards = ['audit_events_are_never_changed', 'audit_events_are_never_deleted'];
  const { results } = await testDb()
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all<{ name: string; sql: string }>();
  const found = results.filter(({ name }) => guards.includes(name));
  const texts = [...found.map(({ name }) => `DROP TRIGGER ${name}`), ...statements, ...found.map(({ sql }) => sql)];
  await testDb().batch(texts.map((text) => testDb().prepare(text)));
};

/** Reads of the key of this id, a millisecond apart, that long ago. */
const addReads = (count: number, days: number, secret = 'null') =>
  testDb().exec(
    `INSERT INTO audit_events (at, request_id, actor_id, actor_name, action, target, outcome, address, user_agent, via, secret_id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT ${Date.now() - days * day} + i, 'r' || i, 7, 'gone', 'secret.read', 'KEY', 'allowed', '192.0.2.7', '', 'api', ${secret} FROM n`,
  );

const ids = async () =>
  (await testDb().prepare('SELECT min(id) AS lowest, max(id) AS highest FROM audit_events').first<{
    lowest: number;
    highest: number;
  }>()) as { lowest: number; highest: number };

const archived = () => testDb().prepare('SELECT archived FROM log_tree').first<number>('archived');

/** What is wrong, all parts of the log looked at. */
const wrong = async () => {
  for (let after: number | null = 0; after !== null; ) {
    const part = JSON.parse((await client('GET', `/logs/verify?after=${after}`)).text);
    if (part.wrong !== null) return part.wrong;
    after = part.next;
  }
  return null;
};

describe('what is too old', () => {
  test('leaves the log, a signed entry says so, and everything that is proven goes on', async () => {
    await addReads(1_500, 40);
    await addReads(100, 20);
    const vault = vaultOf();
    await sealAll(vault);
    expect(await expireEvents(vault)).toEqual({ rounds: 2, isBehind: false });
    expect(await ids()).toEqual({ lowest: 1_501, highest: 1_602 });
    const { logs = [] } = (await client('GET', '/logs?action=expire_log')).body;
    expect(logs.map(({ target, reason, user_name }) => ({ target, reason, user_name }))).toEqual([
      {
        target: '1025 to 1500',
        reason: expect.stringMatching(/^LOG_RETENTION_DAYS=30; signed \S{88}$/),
        user_name: null,
      },
      { target: '1 to 1024', reason: expect.stringMatching(/^LOG_RETENTION_DAYS=30; signed \S{88}$/), user_name: null },
    ]);
    expect(await wrong()).toBeNull();
    await sealAll(vault);
    expect(await wrong()).toBeNull();
    expect((await client('GET', '/logs/proof/1')).text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 0\n/);
    expect((await client('GET', '/logs/proof/1501')).text).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra /);
    const entries = await client('GET', '/logs/tile/entries/000');
    expect([entries.status, entries.body.error]).toEqual([404, expect.stringMatching(/LOG_RETENTION_DAYS/)]);
    // A second look finds nothing, and says nothing.
    const before = await ids();
    expect(await expireEvents(vault)).toEqual({ rounds: 0, isBehind: false });
    expect((await ids()).lowest).toBe(before.lowest);
    // The blocks for searching go with their events.
    expect(await testDb().prepare('SELECT min(block) AS block FROM log_blocks').first('block')).toBe(1);
  });

  test('is still known to have been read: who, when first and last, and how often', async () => {
    await client('POST', '/keys', { key_name: 'KEY', api_key: 'v' });
    const id = await testDb().prepare('SELECT id FROM secrets').first<number>('id');
    await addReads(1_500, 40, String(id));
    const seen = async () => {
      const answer = JSON.parse((await client('GET', '/keys/KEY/access')).text) as { seen: { user_name: string }[] };
      return answer.seen.filter(({ user_name }) => user_name === 'gone');
    };
    const before = await seen();
    expect(before).toMatchObject([{ api: 1_500 }]);
    const vault = vaultOf();
    // The first entries are of today: they would keep the others.
    await tamper(`UPDATE audit_events SET at = at - ${50 * day} WHERE action <> 'secret.read'`);
    await sealAll(vault);
    await expireEvents(vault);
    expect((await ids()).lowest).toBeGreaterThan(1_500);
    expect(await seen()).toEqual(before);
    // Nor are they counted twice when the block is complete.
    await addReads(1_000, 0, '-1');
    expect(await seen()).toEqual(before);
  });

  test('stays as long as it is not sealed, or something before it is younger', async () => {
    await addReads(10, 40);
    await addReads(1, 20);
    await addReads(10, 40);
    const vault = vaultOf();
    expect(await expireEvents(vault)).toEqual({ rounds: 0, isBehind: false });
    await sealAll(vault);
    await addReads(5, 40);
    await expireEvents(vault);
    expect(await archived()).toBe(10);
    expect((await ids()).lowest).toBe(11);
  });

  test('leaves once, though two remove it at the same time', async () => {
    await addReads(600, 40);
    await sealAll(vaultOf());
    await Promise.all([1, 2, 3].map(() => expireEvents(vaultOf())));
    expect(await archived()).toBe(600);
    expect(
      await testDb().prepare("SELECT count(*) AS n FROM audit_events WHERE action = 'log.expire'").first('n'),
    ).toBe(1);
    expect(await wrong()).toBeNull();
  });

  test('may be the whole log but the entry that says so', async () => {
    await addReads(300, 40);
    const vault = vaultOf();
    await sealAll(vault);
    await expireEvents(vault);
    expect(await ids()).toEqual({ lowest: 301, highest: 301 });
    await sealAll(vault);
    expect(await wrong()).toBeNull();
  });
});

describe('what somebody changed in the database', () => {
  test.each([
    [
      'an entry that was made older than it is',
      20,
      `UPDATE audit_events SET at = at - ${60 * day} WHERE id <= 20`,
      'edited at event 1',
    ],
    [
      'one that is no longer what it was',
      40,
      "UPDATE audit_events SET actor_name = 'nobody' WHERE id = 205",
      'edited at event 205',
    ],
    [
      'a tree that has other hashes',
      40,
      "UPDATE log_tiles SET hashes = replace(hashes, substr(hashes, 1, 4), 'AAAA') WHERE level = 0 AND number = 1",
      'tree',
    ],
    [
      'another checkpoint',
      40,
      "UPDATE log_tree SET checkpoint = replace(checkpoint, substr(checkpoint, -12, 4), 'AAAA')",
      'signature',
    ],
  ])('does not leave the log, and is told: %s', async (_, days, attack, expected) => {
    await addReads(500, days);
    const vault = vaultOf();
    await sealAll(vault);
    await tamper(attack);
    await expect(expireEvents(vault)).rejects.toThrow(expected);
    expect(await archived()).toBe(0);
    expect((await ids()).lowest).toBe(1);
  });

  test('is not taken for something that has expired: a deletion without a signed entry is missing', async () => {
    await addReads(600, 40);
    await addReads(50, 20);
    const vault = vaultOf();
    await sealAll(vault);
    await expireEvents(vault);
    await sealAll(vault);
    expect(await wrong()).toBeNull();
    // More than the entry says.
    await tamper('UPDATE log_tree SET archived = 620', 'DELETE FROM audit_events WHERE id <= 620');
    expect(await wrong()).toEqual({ id: 601, kind: 'missing' });
    // An entry that says more, with the signature of the other one, or with one of nobody.
    const copy = (reason: string) =>
      `INSERT INTO audit_events (at, request_id, action, target, outcome, reason, address, user_agent) SELECT at, 'x', action, '601 to 620', 'allowed', ${reason}, address, user_agent FROM audit_events WHERE action = 'log.expire' LIMIT 1`;
    await tamper(copy('reason'), copy("'LOG_RETENTION_DAYS=1'"), copy(`'signed ${'A'.repeat(86)}=='`));
    await sealAll(vault);
    expect(await wrong()).toEqual({ id: 601, kind: 'missing' });
    // Without any entry, nothing of it is believed.
    await tamper("DELETE FROM audit_events WHERE action = 'log.expire'");
    expect(await wrong()).toMatchObject({ id: 1, kind: 'missing' });
  });
});

describe('when', () => {
  test('it is off, nothing leaves, and no request looks for it', async () => {
    await addReads(100, 4_000);
    const vault = vaultOf('');
    expect(vault.logDays).toBeNull();
    await sealAll(vault);
    expect(await expireEvents(vault)).toEqual({ rounds: 0, isBehind: false });
    await sealGathered(vault);
    expect(isSealingDue(vault, Date.now() + 10 * expiryIntervalMs)).toBe(false);
    expect((await ids()).lowest).toBe(1);
  });

  test('it is on, it is looked for a minute after the start, and then once an hour, also if nothing happens', async () => {
    await addReads(100, 40);
    const vault = vaultOf();
    const start = Date.now();
    expect(isSealingDue(vault, start)).toBe(false);
    const clock = vi.spyOn(Date, 'now').mockReturnValue(start + maxUnsealedMs);
    expect(isSealingDue(vault, Date.now())).toBe(true);
    await sealGathered(vault);
    expect(await archived()).toBe(100);
    // The entry about it is sealed like all others.
    clock.mockReturnValue(start + 3 * maxUnsealedMs);
    expect(isSealingDue(vault, Date.now())).toBe(true);
    await sealGathered(vault);
    expect(isSealingDue(vault, start + expiryIntervalMs)).toBe(false);
    expect(isSealingDue(vault, start + expiryIntervalMs + maxUnsealedMs)).toBe(true);
  });

  test('there is much of it, some leave after one answer, and the next request goes on', async () => {
    await addReads(eventsPerExpiry * 8 + 40, 40);
    await addReads(1, 0);
    const vault = vaultOf();
    await sealAll(vault);
    isSealingDue(vault, Date.now());
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + maxUnsealedMs);
    await sealGathered(vault);
    expect(await archived()).toBe(eventsPerExpiry * 8);
    clock.mockReturnValue(Date.now() + minSealingIntervalMs);
    expect(isSealingDue(vault, Date.now())).toBe(true);
    await sealGathered(vault);
    expect(await archived()).toBe(eventsPerExpiry * 8 + 40);
    clock.mockRestore();
    expect(await wrong()).toBeNull();
  });

  test('it cannot be done, the operator is told once, and requests are served', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    await addReads(100, 40);
    const vault = vaultOf();
    await sealAll(vault);
    await tamper("UPDATE audit_events SET address = '' WHERE id = 3");
    isSealingDue(vault, Date.now());
    const clock = vi.spyOn(Date, 'now');
    for (const hours of [1, 3]) {
      clock.mockReturnValue(Date.now() + hours * expiryIntervalMs);
      await sealGathered(vault);
      clock.mockRestore();
    }
    expect(said.mock.calls).toEqual([
      [expect.stringMatching(/^Expired entries of the log could not be removed: .*edited at event 3/)],
    ]);
    expect((await client('GET', '/keys')).status).toBe(200);
  });
});
