/** Changes a sealed database as the owner of the file could, and expects that each change is named. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCheckpoint } from '../../core/audit/note.ts';
import { applyMigrations } from '../../core/data-folder/database.ts';
import { addEvents, expireEvents, newTestKey, noteOf, sealAnew } from '../../testing/sealed-log.ts';
import { readMigrations, sqlOf } from '../data/database.ts';
import { headline } from './findings.ts';
import { hashOfEvent, noHash } from './hashing.ts';
import type { NoteFile } from './notes.ts';
import { openLog } from './open-log.ts';
import { type Outside, type Verified, verifyLog } from './verify-log.ts';

const migrationsFolder = join(import.meta.dirname, '../../migrations');

/** Two full tiles and a part of the third. After them come some that are not sealed. */
const size = 600;
const unsealed = 10;
const middle = 300;
/** The checkpoints that somebody has kept: of the first 100 events, and of the first 400. */
const pinned = [100, 400];

const key = newTestKey();
let folder: string;
let original: string;
let pins: NoteFile[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attacks-'));
  original = join(folder, 'original.db');
  using database = openQuickly(original);
  applyMigrations(sqlOf(database), readMigrations(migrationsFolder));
  pins = [];
  for (const until of pinned) {
    addEvents(database, until - Number(database.prepare('SELECT count(*) AS n FROM audit_events').get()?.n));
    pins.push({ file: `${until}.checkpoint`, note: sealAnew(database, key) });
    database.exec(`VACUUM INTO '${join(folder, `${until}.db`)}'`);
  }
  addEvents(database, size - 400);
  sealAnew(database, key);
  addEvents(database, unsealed);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Attack = (database: DatabaseSync) => void;

const alone: Outside = { key: null, notes: [] };

function verify(file: string, outside: Outside = alone): string | Verified {
  using log = openLog(file);
  const verdict = verifyLog(log.database, migrationsFolder, outside);
  log.checkUnchanged();
  return 'finding' in verdict ? headline(verdict.finding) : verdict.verified;
}

function copyOf(source = original): string {
  const file = join(folder, 'attacked.db');
  copyFileSync(source, file);
  return file;
}

/** For tests: nothing waits for the disk. */
function openQuickly(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY');
  return database;
}

/** What is said of a copy after an attack. The attacker drops the triggers first, and puts them back. */
function after(attack: Attack, outside: Outside = alone): string | Verified {
  const file = copyOf();
  {
    using database = openQuickly(file);
    const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    database.exec(triggers.map(({ name }) => `DROP TRIGGER ${name};`).join('\n'));
    attack(database);
    database.exec(triggers.map(({ sql }) => `${sql};`).join('\n'));
  }
  return verify(file, outside);
}

function run(sql: string): Attack {
  return (database) => database.exec(sql);
}

/** Moves the numbers of events by one, as if they had always been so. */
function renumber(database: DatabaseSync, from: number, by: 1 | -1): void {
  database.exec(
    `UPDATE audit_events SET id = -id WHERE id >= ${from}; UPDATE audit_events SET id = -id + ${by} WHERE id < 0`,
  );
}

function insertAs(id: number): string {
  return `INSERT INTO audit_events (id, at, request_id, action, outcome, address, user_agent)
   VALUES (${id}, 1, 'forged', 'secret.read', 'denied', '192.0.2.1', 'x')`;
}

/** Puts another hash into a stored tile, or one more at its end. */
function forgeHash(database: DatabaseSync, level: number, place: number, hash: Buffer = noHash): void {
  const number = Math.floor(place / 256);
  const row = database.prepare('SELECT hashes FROM log_tiles WHERE level = ? AND number = ?').get(level, number);
  const bytes = Buffer.from(String(row?.hashes), 'base64');
  const at = (place % 256) * 32;
  const forged = Buffer.concat([bytes.subarray(0, at), hash, bytes.subarray(at + 32)]);
  database
    .prepare('UPDATE log_tiles SET hashes = ? WHERE level = ? AND number = ?')
    .run(forged.toString('base64'), level, number);
}

/** Puts the hash of the event as it is now into the lowest tile. */
function coverUp(database: DatabaseSync, id: number): void {
  const row = database.prepare('SELECT * FROM audit_events WHERE id = ?').get(id);
  forgeHash(database, 0, id - 1, hashOfEvent(row ?? {}));
}

test('a log that nobody changed is verified, and what is not sealed is counted', () => {
  expect(verify(copyOf(), { key, notes: pins })).toMatchObject({ size, unsealed, origin: key.name, archived: 0 });
});

const columns = new DatabaseSync(':memory:');
applyMigrations(sqlOf(columns), readMigrations(migrationsFolder));
const edits: Record<string, string> = Object.fromEntries(
  columns
    .prepare('SELECT name, type FROM pragma_table_info(?) WHERE name <> ?')
    .all('audit_events', 'id')
    .map(({ name, type }) => [
      String(name),
      name === 'outcome'
        ? `outcome = iif(outcome = 'denied', 'allowed', 'denied')`
        : `${name} = ${type === 'INTEGER' ? `coalesce(${name}, 0) + 1` : `coalesce(${name}, '') || 'x'`}`,
    ]),
);

describe.each([1, middle, 512, 513, size])('of event %i', (id) => {
  test.each(Object.keys(edits))('a changed %s is named', (column) => {
    expect(after(run(`UPDATE audit_events SET ${edits[column]} WHERE id = ${id}`))).toBe(`event ${id}: edited`);
  });

  test.each([
    ['text after a NUL', `user_agent = user_agent || char(0) || 'hidden'`],
    ['a text that becomes null', 'actor_name = NULL'],
    ['ill-formed UTF-8', `target = CAST(x'ff' AS TEXT)`],
    ['a number that JavaScript cannot hold', 'at = 9223372036854775807'],
    [
      'a copy of another event',
      '(at, request_id, target) = (SELECT at, request_id, target FROM audit_events WHERE id = 50)',
    ],
  ])('%s is named', (_, change) => {
    expect(after(run(`UPDATE audit_events SET ${change} WHERE id = ${id}`))).toBe(`event ${id}: edited`);
  });

  test('its absence is named', () => {
    expect(after(run(`DELETE FROM audit_events WHERE id = ${id}`))).toBe(`event ${id}: missing`);
  });

  test('its absence is named when the later ones have moved up', () => {
    const moved: Attack = (database) => {
      database.exec(`DELETE FROM audit_events WHERE id = ${id}`);
      renumber(database, id + 1, -1);
    };
    // Nobody knows what the last one was, and the next one was never sealed.
    expect(after(moved)).toBe(id === size ? `event ${id}: edited` : `event ${id}: missing`);
  });

  test('an event that was put before it is named', () => {
    const inserted: Attack = (database) => {
      renumber(database, id, 1);
      database.exec(insertAs(id));
    };
    expect(after(inserted)).toBe(`event ${id}: added`);
  });

  test('an exchange with another one is named by the first of the two', () => {
    const other = id === 200 ? 201 : 200;
    const swapped =
      run(`UPDATE audit_events SET id = -1 WHERE id = ${id}; UPDATE audit_events SET id = ${id} WHERE id = ${other};
      UPDATE audit_events SET id = ${other} WHERE id = -1`);
    expect(after(swapped)).toBe(`event ${Math.min(id, other)}: reordered`);
  });

  test('a truncation after it is named', () => {
    const expected = id === size ? { unsealed: 0 } : id + 1 === size ? '' : `events ${id + 1} to ${size}: truncated`;
    const found = after(run(`DELETE FROM audit_events WHERE id > ${id}`));
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatchObject(expected);
  });

  test('an edit is named though its stored hash is forged, as narrowly as the other hashes allow', () => {
    const covered: Attack = (database) => {
      database.exec(`UPDATE audit_events SET target = 'OTHER' WHERE id = ${id}`);
      coverUp(database, id);
    };
    const tile = Math.floor((id - 1) / 256);
    expect(after(covered)).toBe(
      tile < 2 ? `events ${tile * 256 + 1} to ${tile * 256 + 256}: edited` : `events 1 to ${size}: edited`,
    );
    // The checkpoints of 100 and 400 events narrow it down.
    const narrowed: Record<number, string> = { 1: '1 to 100', 300: '257 to 400', 512: '401 to 512' };
    expect(after(covered, { key, notes: pins })).toBe(`events ${narrowed[id] ?? `401 to ${size}`}: edited`);
  });

  test('an edit is named though everything but the checkpoint was computed anew', () => {
    const recomputed: Attack = (database) => {
      const row = database.prepare('SELECT checkpoint FROM log_tree').get();
      database.exec(
        `DELETE FROM audit_events WHERE id > ${size}; UPDATE audit_events SET target = 'OTHER' WHERE id = ${id}`,
      );
      sealAnew(database, key);
      database.prepare('UPDATE log_tree SET checkpoint = ?').run(row?.checkpoint ?? null);
    };
    expect(after(recomputed)).toBe(`events 1 to ${size}: edited`);
  });

  test('a forged hash of it is named, and the event is not accused', () => {
    expect(after((database) => forgeHash(database, 0, id - 1))).toBe(`event ${id}: tree`);
  });

  test('an edit is named though another hash is forged', () => {
    const other = id === 1 ? 5 : id - 1;
    const both: Attack = (database) => {
      forgeHash(database, 0, other - 1);
      database.exec(`UPDATE audit_events SET target = 'OTHER' WHERE id = ${id}`);
    };
    expect(after(both)).toBe(`event ${id}: edited`);
  });
});

describe('of the tree', () => {
  test.each([
    ['the frontier is forged', (database: DatabaseSync) => forgeHash(database, 1, 1), 'events 257 to 512: tree'],
    ['the frontier is gone', run('DELETE FROM log_tiles WHERE level = 1'), 'events 1 to 256: tree'],
    ['a tile is gone', run('DELETE FROM log_tiles WHERE level = 0 AND number = 1'), 'event 257: tree'],
    ['all tiles are gone', run('DELETE FROM log_tiles'), 'event 1: tree'],
    ['there is a tile too many', run("INSERT INTO log_tiles VALUES (0, 3, 'AAAA')"), 'log: tree'],
    ['a tile has a hash too many', (database: DatabaseSync) => forgeHash(database, 1, 2), 'log: tree'],
    [
      'a tile is not whole',
      run("UPDATE log_tiles SET hashes = hashes || 'AA=='  WHERE level = 1"),
      'events 1 to 256: tree',
    ],
    ['the row of the tree is gone', run('DELETE FROM log_tree'), 'log: tree'],
    ['the size is less', run('UPDATE log_tree SET size = size - 1'), 'log: tree'],
    ['the size is more', run('UPDATE log_tree SET size = size + 5'), 'log: tree'],
    ['the checkpoint is a text of its own', run(`UPDATE log_tree SET checkpoint = 'x'`), 'log: signature'],
    [
      'the checkpoint names another root',
      run(`UPDATE log_tree SET checkpoint = replace(checkpoint, '${size}', '${size - 1}')`),
      'log: signature',
    ],
    [
      'the public key is another',
      run(`UPDATE log_tree SET public_key = '${Buffer.alloc(32, 7).toString('base64')}'`),
      'log: signature',
    ],
    ['the public key is none', run(`UPDATE log_tree SET public_key = 'x'`), 'log: signature'],
    ['the log has another name', run(`UPDATE log_tree SET origin = 'keystore/ffffffffffffffff'`), 'log: other-vault'],
    ['an event stands before the first', run(insertAs(-5)), 'event -5: added'],
    ['an event stands at zero', run(insertAs(0)), 'event 0: added'],
    [
      'one that was not sealed yet is gone',
      run(`DELETE FROM audit_events WHERE id = ${size + 5}`),
      `event ${size + 5}: missing`,
    ],
    [
      'the first one that was not sealed yet is gone',
      run(`DELETE FROM audit_events WHERE id = ${size + 1}`),
      `event ${size + 1}: missing`,
    ],
    [
      'events are gone and called archived',
      run('DELETE FROM audit_events WHERE id <= 50; UPDATE log_tree SET archived = 50'),
      'events 1 to 50: missing',
    ],
    [
      'the last sealed ones are gone',
      run(`DELETE FROM audit_events WHERE id > ${size - 3}`),
      `events ${size - 2} to ${size}: truncated`,
    ],
    ['the very last one is gone', run(`DELETE FROM audit_events WHERE id >= ${size}`), `event ${size}: truncated`],
    ['a range is gone', run('DELETE FROM audit_events WHERE id BETWEEN 20 AND 30'), 'events 20 to 30: missing'],
    ['all are gone', run('DELETE FROM audit_events'), `events 1 to ${size}: truncated`],
  ])('%s', (_, attack, expected) => {
    expect(after(attack)).toBe(expected);
  });

  test('an edit and a forged frontier: the event is named', () => {
    const both: Attack = (database) => {
      database.exec(`UPDATE audit_events SET target = 'OTHER' WHERE id = ${middle}`);
      forgeHash(database, 1, 0);
      forgeHash(database, 1, 1);
    };
    expect(after(both)).toBe(`event ${middle}: edited`);
  });
});

describe('of what has left the log', () => {
  const expired =
    (attack: string, by = key): Attack =>
    (database) => {
      expireEvents(database, by, 100);
      database.exec(attack);
    };
  const claim = "action = 'log.expire'";

  test.each<[string, Attack, unknown]>([
    ['events that have expired are not missing', expired(''), { size, archived: 100, unsealed: unsealed + 1 }],
    [
      'more is gone than the event says',
      expired('UPDATE log_tree SET archived = 120; DELETE FROM audit_events WHERE id <= 120'),
      'events 101 to 120: missing',
    ],
    [
      'more is gone, and the event says so, but not its signature',
      expired(
        `UPDATE log_tree SET archived = 120; DELETE FROM audit_events WHERE id <= 120; UPDATE audit_events SET target = '1 to 120' WHERE ${claim}`,
      ),
      'events 1 to 120: missing',
    ],
    [
      'the event does not say which setting it was',
      expired(`UPDATE audit_events SET reason = replace(reason, '30;', '7;') WHERE ${claim}`),
      'events 1 to 100: missing',
    ],
    [
      'an archive is made of it',
      expired(`UPDATE audit_events SET action = 'log.archive' WHERE ${claim}`),
      'events 1 to 100: missing',
    ],
    ['no event says so', expired(`DELETE FROM audit_events WHERE ${claim}`), 'events 1 to 100: missing'],
    ['another key has signed it', expired('', newTestKey(key.name)), 'events 1 to 100: missing'],
    [
      'an event that was kept is edited',
      expired("UPDATE audit_events SET target = 'X' WHERE id = 101"),
      'event 101: edited',
    ],
    [
      'the hash of one that has expired is forged',
      (database) => {
        expired('')(database);
        forgeHash(database, 0, 49);
      },
      'events 1 to 256: edited',
    ],
  ])('%s', (_, attack, expected) => {
    if (typeof expected === 'string') expect(after(attack)).toBe(expected);
    else expect(after(attack, { key, notes: pins })).toMatchObject(expected as object);
  });
});

describe('of what protects the log', () => {
  const withTriggers = (sql: string) => {
    const file = copyOf();
    {
      using database = openQuickly(file);
      database.exec(sql);
    }
    return verify(file);
  };

  test.each(['audit_events_are_never_changed', 'audit_events_are_never_deleted', 'audit_events_are_counted'])(
    'a dropped trigger %s is named',
    (trigger) => expect(withTriggers(`DROP TRIGGER ${trigger}`)).toBe('log: tree'),
  );

  test('a trigger that changes events as they come is named', () => {
    const trigger = `CREATE TRIGGER quiet AFTER INSERT ON audit_events BEGIN UPDATE users SET name = name; END`;
    expect(withTriggers(trigger)).toBe('log: tree');
  });

  test('a dropped trigger does not hide what was done without it', () => {
    expect(
      withTriggers(`DROP TRIGGER audit_events_are_never_changed; UPDATE audit_events SET target = 'X' WHERE id = 7`),
    ).toBe('event 7: edited');
  });
});

describe('of everything at once, with another key', () => {
  const other = newTestKey(key.name);
  const rewritten =
    (by: typeof key): Attack =>
    (database) => {
      database.exec(`UPDATE audit_events SET target = 'OTHER' WHERE id = ${middle}`);
      sealAnew(database, by);
    };

  test('the database alone cannot tell', () => {
    expect(after(rewritten(other))).toMatchObject({ size: size + unsealed });
  });

  test('the public key can', () => {
    expect(after(rewritten(other), { key, notes: [] })).toBe('log: signature');
    expect(after(rewritten(newTestKey('keystore/ffffffffffffffff')), { key, notes: [] })).toBe('log: other-vault');
  });

  test('a checkpoint that was kept can', () => {
    expect(after(rewritten(other), { key: null, notes: pins })).toBe('log: signature');
    expect(after(rewritten(newTestKey('keystore/ffffffffffffffff')), { key: null, notes: pins })).toBe(
      'log: other-vault',
    );
  });

  test('a note that was forged with another key is named', () => {
    const { size: sealed, root } = parseCheckpoint(pins[1]?.note ?? '') ?? { size: 0, root: noHash };
    const forged = noteOf(other, sealed, root);
    expect(after(() => {}, { key: null, notes: [{ file: 'forged', note: forged }] })).toBe('log: signature');
    const under = noteOf({ ...other, publicKey: key.publicKey }, sealed, root);
    expect(after(() => {}, { key: null, notes: [{ file: 'forged', note: under }] })).toBe('log: signature');
  });

  test('whoever holds the signing key as well is told by a checkpoint that was kept', () => {
    expect(after(rewritten(key), { key, notes: [] })).toMatchObject({ size: size + unsealed });
    expect(after(rewritten(key), { key, notes: pins })).toBe('events 101 to 400: edited');
  });
});

describe('of an older backup in the place of the database', () => {
  test('a checkpoint of later names it', () => {
    const older = join(folder, '100.db');
    expect(verify(copyOf(older))).toMatchObject({ size: 100 });
    expect(verify(copyOf(older), { key, notes: pins })).toBe('log: rolled-back');
    expect(verify(copyOf(older), { key, notes: pins.slice(0, 1) })).toMatchObject({ size: 100 });
  });

  test('a checkpoint names it though the log went on from there', () => {
    const file = copyOf(join(folder, '100.db'));
    {
      using database = openQuickly(file);
      database.exec(insertAs(101));
      addEvents(database, 400);
      sealAnew(database, key);
    }
    expect(verify(file, { key, notes: pins })).toBe('events 101 to 400: edited');
  });

  test('a checkpoint of later names an older tree over all events', () => {
    const file = copyOf();
    {
      using database = openQuickly(file);
      database.exec(`ATTACH '${join(folder, '100.db')}' AS older;
        DELETE FROM log_tiles; DELETE FROM log_tree;
        INSERT INTO log_tiles SELECT * FROM older.log_tiles; INSERT INTO log_tree SELECT * FROM older.log_tree`);
    }
    expect(verify(file)).toMatchObject({ size: 100, unsealed: size + unsealed - 100 });
    expect(verify(file, { key, notes: pins })).toBe('log: rolled-back');
  });

  test('a log that was emptied and begins anew is named', () => {
    expect(
      after(run('DELETE FROM audit_events; DELETE FROM log_tiles; DELETE FROM log_tree'), { key, notes: pins }),
    ).toBe('log: rolled-back');
    expect(
      after(run('DELETE FROM audit_events; DELETE FROM log_tiles; DELETE FROM log_tree'), { key, notes: [] }),
    ).toBe('log: tree');
  });
});
