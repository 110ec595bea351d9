/** Sealing the log: when it happens, two at once, a crash in between, another encryption key, and a log of an earlier version. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { noteKeyOf } from '../../core/audit/signing.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { maxUnsealedEvents, maxUnsealedMs, minSealingIntervalMs } from '../../core/limits.ts';
import { createApp } from '../app.ts';
import { parseEnv } from '../env.ts';
import { examineHealth } from '../operations/health.ts';
import { openInstance } from '../operations/instance.ts';
import { isSealingDue, noteEvents, sealAll, sealGathered } from '../operations/log-sealer.ts';
import { openTree, sealRound } from '../operations/log-sealing.ts';
import { type Client, emptyDatabase, startVault, testDb, testKeys } from '../testing/vault.ts';

let client: Client;

beforeEach(async () => {
  await emptyDatabase();
  const started = await startVault();
  client = await started.signIn('admin', 'admin123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
});

const vaultOf = (db = testDb(), keys: object = testKeys) => parseEnv({ DB: db, ...keys }).vault;

/** The database, with something that happens before each transaction. */
const interrupted = (before: (number: number) => Promise<void> | void): D1Database => {
  let count = 0;
  return new Proxy(testDb(), {
    get(target, name) {
      if (name !== 'batch') return target[name as 'prepare'].bind(target);
      return async (statements: D1PreparedStatement[]) => {
        count += 1;
        await before(count);
        return target.batch(statements);
      };
    },
  });
};

const addEvents = (count: number) =>
  testDb().exec(
    `INSERT INTO audit_events (at, request_id, action, outcome, address, user_agent) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i, 'r', 'secret.read', 'allowed', '192.0.2.7', '' FROM n`,
  );

const treeRow = async () => {
  const row = await testDb().prepare('SELECT * FROM log_tree').first<Record<string, string>>();
  if (!row) throw new Error('no tree');
  return row;
};

/** That the stored checkpoint holds and is of the whole log, and that the tree verifies. */
const expectSealed = async (all = true) => {
  const row = await treeRow();
  const checkpoint = await verifiedCheckpoint(
    row.checkpoint ?? '',
    noteKeyOf(row as { origin: string; public_key: string }),
  );
  const newest = await testDb().prepare('SELECT max(id) AS id FROM audit_events').first<number>('id');
  expect(checkpoint?.size).toBe(row.size);
  if (all) expect(checkpoint?.size).toBe(newest);
  let after = 0;
  for (;;) {
    const { next, wrong } = JSON.parse((await client('GET', `/logs/verify?after=${after}`)).text);
    expect(wrong).toBeNull();
    if (next === null) return;
    after = next;
  }
};

describe('two sealers at once', () => {
  test('make one key and one name', async () => {
    const trees = await Promise.all([1, 2, 3].map(() => openTree(vaultOf(), 1)));
    expect(new Set(trees.map(({ origin }) => origin)).size).toBe(1);
    expect(await testDb().prepare('SELECT count(*) AS count FROM log_tree').first('count')).toBe(1);
  });

  test('are harmless: the slower one changes nothing', async () => {
    await addEvents(300);
    await sealAll(vaultOf());
    await addEvents(300);
    const slow = vaultOf(
      interrupted(async (number) => {
        if (number !== 2) return;
        await addEvents(400);
        await sealAll(vaultOf());
      }),
    );
    const before = await sealRound(slow, 1);
    await expectSealed();
    expect(before.rest).toBeGreaterThan(0);
    expect((await sealAll(slow)).rest).toBe(0);
    await addEvents(10);
    await Promise.all([1, 2, 3, 4].map(() => sealAll(vaultOf())));
    await expectSealed(false);
  });

  test('a crash between reading and writing loses nothing, and the next one goes on', async () => {
    await addEvents(500);
    await sealAll(vaultOf());
    const { checkpoint } = await treeRow();
    await addEvents(100);
    const crashing = vaultOf(
      interrupted((number) => {
        if (number === 2) throw new Error('the process ends here');
      }),
    );
    await expect(sealRound(crashing, 1)).rejects.toThrow('failed a transaction');
    expect((await treeRow()).checkpoint).toBe(checkpoint);
    await sealAll(vaultOf());
    await expectSealed();
  });

  test('a write that fails in its middle changes neither tiles nor size', async () => {
    await addEvents(100);
    await sealAll(vaultOf());
    const tiles = async () => (await testDb().prepare('SELECT * FROM log_tiles').all()).results;
    const before = await tiles();
    await addEvents(100);
    await testDb().exec("CREATE TRIGGER full BEFORE UPDATE ON log_tree BEGIN SELECT RAISE(ABORT, 'full'); END");
    await expect(sealAll(vaultOf())).rejects.toThrow();
    expect(await tiles()).toEqual(before);
    await testDb().exec('DROP TRIGGER full');
    await sealAll(vaultOf());
    await expectSealed();
  });
});

describe('when', () => {
  const context = () => {
    const work: Promise<unknown>[] = [];
    return { work, waitUntil: (promise: Promise<unknown>) => work.push(promise), passThroughOnException: () => {} };
  };

  test('enough events have gathered, or the oldest is old enough', () => {
    const vault = vaultOf();
    expect(isSealingDue(vault, 100_000)).toBe(false);
    noteEvents(vault, 100_000, maxUnsealedEvents - 1);
    expect(isSealingDue(vault, 100_000)).toBe(false);
    expect(isSealingDue(vault, 100_000 + maxUnsealedMs)).toBe(true);
    noteEvents(vault, 100_000, 1);
    expect(isSealingDue(vault, 100_001)).toBe(true);
  });

  test('it was done a moment ago, it waits, however much happens', async () => {
    const vault = vaultOf();
    noteEvents(vault, Date.now(), maxUnsealedEvents);
    await sealGathered(vault);
    const now = Date.now();
    noteEvents(vault, now, 100 * maxUnsealedEvents);
    expect(isSealingDue(vault, now - 5)).toBe(false);
    expect(isSealingDue(vault, now + minSealingIntervalMs)).toBe(true);
  });

  test('events come while it is done, they are not forgotten, and are sealed a minute later', async () => {
    let vault = vaultOf();
    vault = vaultOf(
      interrupted(async (number) => {
        if (number !== 2) return;
        await addEvents(3);
        noteEvents(vault, Date.now(), 3);
      }),
    );
    await sealAll(vaultOf());
    await addEvents(maxUnsealedEvents);
    noteEvents(vault, Date.now(), maxUnsealedEvents);
    await sealGathered(vault);
    await expectSealed(false);
    expect(isSealingDue(vault, Date.now() + minSealingIntervalMs)).toBe(false);
    expect(isSealingDue(vault, Date.now() + 2 * maxUnsealedMs)).toBe(true);
  });

  test('it is done, nothing is due until there are events again', async () => {
    const vault = vaultOf();
    noteEvents(vault, Date.now(), maxUnsealedEvents);
    await sealGathered(vault);
    await expectSealed(false);
    expect(isSealingDue(vault, Date.now() + 10 * maxUnsealedMs)).toBe(false);
    noteEvents(vault, Date.now(), 1);
    expect(isSealingDue(vault, Date.now() + 2 * maxUnsealedMs)).toBe(true);
  });

  test.each(['/keys', '/health'])('it is due, the next request seals after its answer, such as %s', async (path) => {
    const settings = parseEnv({ DB: testDb(), ...testKeys, LOCAL_ONLY: 'yes' });
    const app = createApp(settings);
    const ask = async () => {
      const { work, ...given } = context();
      const request = new Request(`http://vault.test${path}`, { headers: { Authorization: `Bearer ${client.token}` } });
      expect((await app.fetch(request, {}, given as unknown as ExecutionContext)).status).toBe(200);
      return work;
    };
    expect(await ask()).toHaveLength(0);
    noteEvents(settings.vault, Date.now(), maxUnsealedEvents);
    const [sealing, ...others] = await ask();
    expect(others).toEqual([]);
    await sealing;
    await expectSealed(false);
    expect(await ask()).toHaveLength(0);
  });

  test('there is more than a few rounds seal, the next request goes on', async () => {
    await addEvents(1_024 * 8 + 300);
    const vault = vaultOf();
    noteEvents(vault, Date.now(), maxUnsealedEvents);
    await sealGathered(vault);
    expect((await treeRow()).size).toBe(1_024 * 8);
    expect(isSealingDue(vault, Date.now() + minSealingIntervalMs)).toBe(true);
    await sealGathered(vault);
    await expectSealed();
  });

  test('it cannot be done, the operator is told once, and requests are served', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    await sealAll(vaultOf());
    await testDb().exec("UPDATE log_tree SET checkpoint = 'x'");
    await addEvents(5);
    const vault = vaultOf();
    await sealGathered(vault);
    await sealGathered(vault);
    expect(said.mock.calls).toEqual([[expect.stringMatching(/^The log could not be sealed: .*signature/)]]);
    expect((await client('GET', '/keys')).status).toBe(200);
    said.mockRestore();
  });
});

describe('another encryption key', () => {
  const other = 'Vb8ZQm0X3c6nVt1yq4r9s2JkPwLh7eDfGaYxTuIoMzE=';
  const rotated = { ...testKeys, ENCRYPTION_KEY: other, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY };

  test('seals the key of the log from the first start on, and the log keeps its name and key', async () => {
    await sealAll(vaultOf());
    const before = await treeRow();
    const vault = vaultOf(testDb(), rotated);
    await openInstance(vault, 1);
    const after = await treeRow();
    expect(after).toMatchObject({
      origin: before.origin,
      public_key: before.public_key,
      checkpoint: before.checkpoint,
    });
    expect(after.key_id).toBe(vault.keyring.primary.id);
    expect(after.private_key).not.toBe(before.private_key);
    // The old one is not needed any more.
    const alone = vaultOf(testDb(), { ...testKeys, ENCRYPTION_KEY: other });
    await addEvents(3);
    await sealAll(alone);
    expect((await treeRow()).size).toBe(await testDb().prepare('SELECT max(id) AS id FROM audit_events').first('id'));
  });

  test('is what sealing falls back on to seal the key of the log, if that was left out', async () => {
    await sealAll(vaultOf());
    const { private_key, binding, key_id } = await treeRow();
    const vault = vaultOf(testDb(), rotated);
    await openInstance(vault, 1);
    await testDb()
      .prepare('UPDATE log_tree SET private_key = ?, binding = ?, key_id = ?')
      .bind(private_key, binding, key_id)
      .run();
    await sealAll(vault);
    expect((await treeRow()).key_id).toBe(vault.keyring.primary.id);
  });

  test('that is missing is named by the health of the vault, as one that the log needs', async () => {
    await sealAll(vaultOf());
    await testDb().exec("UPDATE log_tree SET key_id = '0123456789abcdef'");
    const caller = { now: Date.now() } as Parameters<typeof examineHealth>[0]['caller'];
    expect((await examineHealth({ vault: vaultOf(), caller })).missingKeys).toEqual([
      { keyId: '0123456789abcdef', values: 0, versions: 0 },
    ]);
    await addEvents(1);
    const answer = await client('POST', '/logs/checkpoint');
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatch(/0123456789abcdef/);
  });
});

test('an event that another version has written with more columns is the same leaf as long as they are null', async () => {
  await addEvents(3);
  await sealAll(vaultOf());
  await testDb().exec('ALTER TABLE audit_events ADD COLUMN later TEXT');
  await expectSealed(false);
});
