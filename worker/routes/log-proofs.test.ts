/** The tree of the log over HTTP, judged by what a third party computes from the answers. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { leafOf } from '../../core/audit/leaf.ts';
import { type NoteKey, parseNoteKey } from '../../core/audit/note.ts';
import { rootByInclusion, rootsByConsistency } from '../../core/audit/proof.ts';
import { type Hash, leafHash } from '../../core/audit/tree.ts';
import { verifiedCheckpoint } from '../../core/audit/verified.ts';
import { fromBase64 } from '../../core/crypto/encoding.ts';
import { type Client, emptyDatabase, startVault, testDb } from '../testing/vault.ts';

type Started = Awaited<ReturnType<typeof startVault>>;

let vault: Started;
let admin: Client;
let key: NoteKey;

const start = async () => {
  await emptyDatabase();
  vault = await startVault();
  await vault.signIn('admin', 'admin123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  admin = await vault.signIn('admin', 'admin123');
  key = parseNoteKey((await admin('GET', '/logs/key')).text.trimEnd()) as NoteKey;
};

beforeAll(start);

/** Changes the database as its owner can. */
const tamper = async (...statements: string[]) => {
  const trigger = ['audit_events_are_never_changed', 'audit_events_are_never_deleted'];
  await testDb().batch(
    [...trigger.map((name) => `DROP TRIGGER IF EXISTS ${name}`), ...statements].map((text) => testDb().prepare(text)),
  );
};

/** Adds events to the log, quicker than by requests. */
const addEvents = (count: number) =>
  testDb().exec(
    `INSERT INTO audit_events (at, request_id, actor_name, action, target, outcome, address, user_agent) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT 5, 'r', 'somebody', 'secret.read', 'key ' || i, 'allowed', '192.0.2.7', 'a "test"' FROM n`,
  );

const newest = () => testDb().prepare('SELECT max(id) FROM audit_events').first<number>('max(id)') as Promise<number>;

const checkpointIn = async (note: string) => {
  const checkpoint = await verifiedCheckpoint(note, key);
  if (!checkpoint) throw new Error(`this does not hold: ${note}`);
  return checkpoint;
};

const hashIn = (line: string): Hash => {
  const hash = fromBase64(line);
  if (hash?.length !== 32) throw new Error(`no hash: ${line}`);
  return hash;
};

const seal = async () => {
  const { status, text } = await admin('POST', '/logs/checkpoint');
  expect(status, text).toBe(200);
  return checkpointIn(text);
};

/** Reads a proof as its specification has it. */
const proofIn = (text: string) => {
  const [head = '', ...rest] = text.split('\n\n');
  const lines = head.split('\n');
  expect(lines.shift()).toBe('c2sp.org/tlog-proof@v1');
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() ?? '').slice(6)) : null;
  const index = Number(/^index (\d+)$/.exec(lines.shift() ?? '')?.[1]);
  return { extra, index, hashes: lines.map(hashIn), note: rest.join('\n\n') };
};

const rowOf = (id: number) =>
  testDb().prepare('SELECT * FROM audit_events WHERE id = ?').bind(id).first<Record<string, unknown>>();

describe('a checkpoint', () => {
  test('covers everything that was committed before it was asked for, its own event included', async () => {
    const { size } = await seal();
    expect(size).toBe(await newest());
    const { text, headers } = await admin('GET', '/logs/checkpoint');
    expect((await checkpointIn(text)).size).toBe(size);
    expect(headers.get('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(text).toMatch(/^keystore\/[0-9a-f]{16}\n[1-9]\d*\n[\w+/]{43}=\n\n\u2014 keystore\/[0-9a-f]{16} \S+\n$/);
  });

  test('keeps its key, and the log its name', async () => {
    const line = `${(await admin('GET', '/logs/key')).text}`;
    expect(line).toMatch(/^keystore\/[0-9a-f]{16}\+[0-9a-f]{8}\+[\w+/=]+\n$/);
    await seal();
    expect((await admin('GET', '/logs/key')).text).toBe(line);
  });

  test('seals an event of each form: a token, nulls, Unicode, and more rows than one round', async () => {
    await admin('POST', '/keys', { key_name: 'süß "quoted" \u{1f511}', api_key: 'v' });
    const texts = [
      ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(code)),
      '"\\/\u007f\u0080\u2028\u2029\ufeff\u{1f511}',
      'line\nfeed',
    ];
    await testDb().batch(
      texts.map((text) =>
        testDb()
          .prepare(
            "INSERT INTO audit_events (at, request_id, action, target, reason, outcome, address, user_agent) VALUES (?, ?, 'x', ?, ?, 'allowed', '', '')",
          )
          .bind(Number.MAX_SAFE_INTEGER, text, `a${text}b`, text),
      ),
    );
    await addEvents(2_500);
    const { size } = await seal();
    expect(size).toBe(await newest());
    expect((await admin('GET', '/logs/verify')).text).toContain('"wrong":null');
  });
});

describe('a proof', () => {
  test.each(['first', 'a middle', 'the last'])('of %s event leads from its row to the signed root', async (which) => {
    const { size } = await seal();
    const id = which === 'first' ? 1 : which === 'the last' ? size : Math.ceil(size / 2);
    const answer = await admin('GET', `/logs/proof/${id}`);
    expect(answer.status).toBe(200);
    const { extra, index, hashes, note } = proofIn(answer.text);
    const checkpoint = await checkpointIn(note);
    expect(index).toBe(id - 1);
    expect(extra).toEqual(leafOf((await rowOf(id)) ?? {}));
    expect(rootByInclusion(leafHash(extra ?? new Uint8Array()), index, checkpoint.size, hashes)).toEqual(
      checkpoint.root,
    );
  });

  test('is a 404 of what is no event, and a 409 of what is not sealed yet', async () => {
    const { size } = await seal();
    expect((await admin('GET', `/logs/proof/${size + 1}`)).status).toBe(404);
    expect((await admin('GET', `/logs/proof/${size + 1}`)).status).toBe(409);
    for (const id of ['0', '-1', 'x', '1.0', '99999999999999999999']) {
      expect((await admin('GET', `/logs/proof/${id}`)).status, id).toBe(404);
    }
  });

  test('of consistency leads from each earlier size to the newest and to sizes between', async () => {
    await addEvents(300);
    const sizes = [(await seal()).size];
    for (const more of [1, 255, 700]) {
      await addEvents(more);
      sizes.push((await seal()).size);
    }
    const roots = new Map<number, Hash>();
    for (const size of sizes) {
      const { text } = await admin('GET', `/logs/consistency?from=${size}&to=${size}`);
      expect(text).toMatch(new RegExp(`^old ${size}\n\nkeystore/`));
      roots.set(size, (await checkpointIn(text.slice(text.indexOf('\n\n') + 2))).root);
    }
    for (const [at, to] of sizes.entries()) {
      for (const from of sizes.slice(0, at)) {
        const { text, status } = await admin('GET', `/logs/consistency?from=${from}&to=${to}`);
        expect(status).toBe(200);
        const [head = '', ...rest] = text.split('\n\n');
        const { size, root } = await checkpointIn(rest.join('\n\n'));
        expect(size).toBe(to);
        expect(root).toEqual(roots.get(to));
        const hashes = head.split('\n').slice(1).map(hashIn);
        expect(rootsByConsistency(from, to, roots.get(from) as Hash, hashes)).toEqual({
          old: roots.get(from),
          new: root,
        });
      }
    }
    const { text } = await admin('GET', '/logs/consistency?from=0');
    expect(text).toMatch(/^old 0\n\nkeystore/);
  });

  test('of consistency is refused beyond what is sealed, or backwards', async () => {
    const { size } = await seal();
    expect((await admin('GET', `/logs/consistency?from=${size + 1}`)).status).toBe(409);
    expect((await admin('GET', `/logs/consistency?from=1&to=${size + 9}`)).status).toBe(409);
    expect((await admin('GET', '/logs/consistency?from=3&to=2')).status).toBe(400);
    expect((await admin('GET', '/logs/consistency')).status).toBe(400);
    expect((await admin('GET', '/logs/consistency?from=-1')).status).toBe(400);
  });
});

describe('tiles', () => {
  const bytes = async (path: string) => {
    const headers = { Authorization: `Bearer ${admin.token}` };
    const response = await vault.raw(new Request(`http://vault.test${path}`, { headers }));
    return {
      status: response.status,
      bytes: new Uint8Array(await response.arrayBuffer()),
      type: response.headers.get('Content-Type'),
    };
  };

  test('hold the hashes of the entries, full or in part', async () => {
    await addEvents(600);
    await seal();
    const full = await bytes('/logs/tile/0/001');
    expect(full).toMatchObject({ status: 200, type: 'application/octet-stream' });
    expect(full.bytes).toHaveLength(256 * 32);
    expect((await bytes('/logs/tile/0/001.p/7')).bytes).toEqual(full.bytes.slice(0, 7 * 32));
    const entries = (await bytes('/logs/tile/entries/001')).bytes;
    const partly = (await bytes('/logs/tile/entries/001.p/2')).bytes;
    expect(entries.slice(0, partly.length)).toEqual(partly);
    const { results } = await testDb()
      .prepare('SELECT * FROM audit_events WHERE id BETWEEN 257 AND 512 ORDER BY id')
      .all();
    const view = new DataView(entries.buffer);
    let at = 0;
    for (const [index, row] of results.entries()) {
      const length = view.getUint16(at);
      const leaf = entries.slice(at + 2, at + 2 + length);
      expect(leaf).toEqual(leafOf(row));
      expect(leafHash(leaf)).toEqual(full.bytes.slice(index * 32, index * 32 + 32));
      at += 2 + length;
    }
    expect(at).toBe(entries.length);
  });

  test('above hold one hash for each full tile', async () => {
    const { size } = await seal();
    const above = await bytes(`/logs/tile/1/000.p/${Math.floor(size / 256)}`);
    expect(above.bytes).toHaveLength(Math.floor(size / 256) * 32);
  });

  test('beyond the sealed log are a 404, and in another form a 400', async () => {
    await seal();
    for (const path of [
      '0/900',
      '1/000',
      '0/x001/000',
      '6/000.p/1',
      '0/x001/x234/067',
      'entries/900',
      'entries/x001/000',
    ]) {
      expect((await bytes(`/logs/tile/${path}`)).status, path).toBe(404);
    }
    for (const path of [
      ...[
        '0/1',
        '0/0001',
        '0/x000/001',
        '0/001/002',
        '0/x001/234/067',
        '0/000.p/0',
        '0/000.p/256',
        '0/000.p/01',
        '0/-01',
        '0/000.p',
        '0/000.q/1',
      ],
      ...['7/000', 'x/000', '01/000', 'entries/1', 'entries/000.p/999', `0/${'x999/'.repeat(5)}999`, '0/%ff', '0/000/'],
    ]) {
      expect((await bytes(`/logs/tile/${path}`)).status, path).toBe(400);
    }
  });
});

describe('who may ask', () => {
  const paths = [
    'key',
    'checkpoint',
    'proof/1',
    'consistency?from=1',
    'tile/0/000.p/1',
    'tile/entries/000.p/1',
    'verify',
  ];

  test('admins and tokens with the access audit, nobody else', async () => {
    await seal();
    const user = await vault.signIn('user', 'user123');
    const made = async (client: Client, body: object) =>
      vault.client((await client('POST', '/tokens', body)).body.token ?? '');
    const auditor = await made(admin, { name: 'auditor', access: 'audit' });
    const reader = await made(admin, { name: 'reader', access: 'manage', scopes: ['*'] });
    const usersToken = await made(user, { name: 'mine', access: 'read', scopes: ['*'] });
    for (const path of paths) {
      expect((await vault.anonymous('GET', `/logs/${path}`)).status, path).toBe(401);
      for (const client of [user, reader, usersToken])
        expect((await client('GET', `/logs/${path}`)).status, path).toBe(403);
      for (const client of [admin, auditor]) expect((await client('GET', `/logs/${path}`)).status, path).toBe(200);
    }
    expect((await vault.anonymous('POST', '/logs/checkpoint')).status).toBe(401);
    for (const client of [user, reader, usersToken])
      expect((await client('POST', '/logs/checkpoint')).status).toBe(403);
    expect((await auditor('POST', '/logs/checkpoint')).status).toBe(200);
  });
});

describe('a log that somebody changed', () => {
  const tables = ['audit_events', 'log_tree', 'log_tiles'];

  beforeAll(async () => {
    await start();
    await addEvents(1_000);
    await seal();
    await testDb().batch(
      tables.map((table) => testDb().prepare(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)),
    );
  });

  beforeEach(() =>
    tamper(...tables.flatMap((table) => [`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM kept_${table}`])),
  );

  const verify = async () => {
    let after = 0;
    for (;;) {
      const { text } = await admin('GET', `/logs/verify?after=${after}`);
      const { next, wrong } = JSON.parse(text);
      if (next === null) return wrong;
      expect(next).toBeGreaterThan(after);
      after = next;
    }
  };

  test('is not changed: nothing is wrong', async () => {
    expect(await verify()).toBeNull();
  });

  test.each([1, 256, 257, 700, 1_000])('has the event %i edited', async (id) => {
    await tamper(`UPDATE audit_events SET target = 'other' WHERE id = ${id}`);
    expect(await verify()).toEqual({ id, kind: 'edited' });
    expect((await admin('GET', '/logs/checkpoint')).status).toBe(200);
  });

  test.each([1, 300, 1_000])('has the event %i taken out', async (id) => {
    await tamper(`DELETE FROM audit_events WHERE id = ${id}`);
    expect(await verify()).toEqual({ id, kind: 'missing' });
  });

  test('has events that changed places, that were moved up, or that were put between', async () => {
    const swap = (one: number, other: number) => [
      `UPDATE audit_events SET id = -1 WHERE id = ${one}`,
      `UPDATE audit_events SET id = ${one} WHERE id = ${other}`,
      `UPDATE audit_events SET id = ${other} WHERE id = -1`,
    ];
    await tamper(...swap(20, 25));
    expect(await verify()).toEqual({ id: 20, kind: 'reordered' });
    await tamper(...swap(20, 25));
    expect(await verify()).toBeNull();
    await tamper(
      'UPDATE audit_events SET id = -id WHERE id >= 20',
      'UPDATE audit_events SET id = 1 - id WHERE id < 0',
      "INSERT INTO audit_events (id, at, request_id, action, outcome, address, user_agent) VALUES (20, 1, '', 'x', 'allowed', '', '')",
    );
    expect(await verify()).toEqual({ id: 20, kind: 'added' });
    await tamper(
      'DELETE FROM audit_events WHERE id IN (20, 30)',
      'UPDATE audit_events SET id = -id WHERE id > 20',
      'UPDATE audit_events SET id = -id - iif(id < -30, 2, 1) WHERE id < 0',
    );
    expect(await verify()).toEqual({ id: 29, kind: 'missing' });
  });

  test.each([
    [
      'a hash of a tile',
      'UPDATE log_tiles SET hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND number = 1) WHERE level = 0 AND number = 0',
      'edited',
    ],
    [
      'a hash above',
      "UPDATE log_tiles SET hashes = substr(hashes, 1, 3) || iif(substr(hashes, 4, 1) = 'A', 'B', 'A') || substr(hashes, 5) WHERE level = 1",
      'tree',
    ],
    ['a tile that is garbage', "UPDATE log_tiles SET hashes = 'x' WHERE level = 0 AND number = 2", 'tree'],
    ['a tile that is gone', 'DELETE FROM log_tiles WHERE level = 0 AND number = 1', 'tree'],
    ['the size', 'UPDATE log_tree SET size = size - 1', 'signature'],
    [
      'the checkpoint',
      "UPDATE log_tree SET checkpoint = replace(checkpoint, '\u2014 keystore', '\u2014 keystorf')",
      'signature',
    ],
    ['the public key', "UPDATE log_tree SET public_key = 'x'", 'signature'],
  ])('has %s changed', async (_, statement, kind) => {
    await tamper(statement);
    expect(await verify()).toMatchObject({ kind });
  });

  test.each([
    [
      'an event that is not sealed yet is missing',
      'DELETE FROM audit_events WHERE id = (SELECT max(id) - 1 FROM audit_events)',
    ],
    [
      'the end of the tree was forged',
      'UPDATE log_tiles SET hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND number = 0) WHERE level = 0 AND number = (SELECT max(number) FROM log_tiles WHERE level = 0)',
    ],
    [
      'the checkpoint was forged',
      'UPDATE log_tree SET checkpoint = replace(checkpoint, char(10) || size || char(10), char(10) || (size - 1) || char(10)), size = size - 1',
    ],
    ['the key was exchanged', 'UPDATE log_tree SET private_key = (SELECT canary FROM instance)'],
    ['the name was changed', "UPDATE log_tree SET origin = 'keystore/0000000000000000'"],
  ])('is not signed any further if %s', async (what, statement) => {
    await addEvents(10);
    await tamper(statement);
    const before = await testDb().prepare('SELECT checkpoint FROM log_tree').first('checkpoint');
    const answer = await admin('POST', '/logs/checkpoint');
    expect(answer.status).toBe(409);
    if (what.includes('missing')) {
      const gap = await testDb()
        .prepare('SELECT max(id) - 1 AS id FROM audit_events WHERE action = ?')
        .bind('secret.read')
        .first('id');
      expect(answer.body.error).toContain(`event ${gap} (missing)`);
    }
    expect(answer.body.error).toMatch(/^The (log in the database is not what was sealed|key that signs the log)/);
    expect(await testDb().prepare('SELECT checkpoint FROM log_tree').first('checkpoint')).toBe(before);
    // Everything else goes on.
    expect((await admin('GET', '/keys')).status).toBe(200);
  });

  test('gets no signature for an earlier size whose tiles were forged', async () => {
    await tamper(
      'UPDATE log_tiles SET hashes = (SELECT hashes FROM log_tiles WHERE level = 0 AND number = 1) WHERE level = 0 AND number = 0',
    );
    expect((await admin('GET', '/logs/consistency?from=1&to=100')).status).toBe(409);
    expect((await admin('GET', '/logs/consistency?from=1&to=900')).status).toBe(200);
  });
});
