import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseKeyring, sealValue } from '../../core/crypto/keyring.ts';
import { maxValueBytes } from '../../core/limits.ts';
import { invisibleIn, trimmed } from '../../core/text.ts';
import { type Client, startVault, testDb, testKeys } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let colleague: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await admin('POST', '/users', { username: 'colleague', password: 'a good password' });
  colleague = await vault.signIn('colleague', 'a good password');
});

let count = 0;
const named = () => `key ${++count}`;
const path = (name: string) => `/keys/${encodeURIComponent(name)}`;
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a key', () => {
  test('is stored, listed without its value, read, changed and deleted, in the shapes of v0.6', async () => {
    const key_name = named();
    const created = await user('POST', '/keys', { key_name, api_key: 'sk-1', description: 'nightly' });
    expect([created.status, created.body]).toEqual([201, { message: 'API key added successfully' }]);

    const list = await user('GET', '/keys');
    expect(list.status).toBe(200);
    expect(list.body.keys).toContainEqual({
      key_name,
      description: 'nightly',
      created_at: iso,
      updated_at: iso,
      created_by: 'user',
      ...{ value_changed_at: iso, owner: 'user', project: null, role: 'owner', version: 1, revision: 1 },
      ...{ expires_at: null, rotate_every_days: null, rotation_due_at: null, labels: {} },
    });
    expect(list.text).not.toContain('sk-1');

    const read = await user('GET', path(key_name));
    expect([read.status, read.body]).toEqual([
      200,
      {
        ...{ key_name, api_key: 'sk-1', description: 'nightly', created_at: iso, updated_at: iso },
        ...{ version: 1, revision: 1, expires_at: null, rotate_every_days: null, rotation_due_at: null, labels: {} },
      },
    ]);

    const updated = await user('PUT', path(key_name), { api_key: 'sk-2' });
    expect([updated.status, updated.body]).toEqual([200, { message: 'API key updated successfully' }]);
    expect((await user('GET', path(key_name))).body).toMatchObject({ api_key: 'sk-2', description: 'nightly' });

    const deleted = await user('DELETE', path(key_name));
    expect([deleted.status, deleted.body]).toEqual([200, { message: 'API key deleted successfully' }]);
    expect((await user('GET', path(key_name))).status).toBe(404);
    expect((await user('POST', '/keys', { key_name, api_key: 'sk-3' })).status).toBe(201);
  });

  test('needs no description', async () => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: 'x', description: null });
    expect((await user('GET', path(key_name))).body.description).toBe('');
  });

  test('keeps its old versions', async () => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: 'one' });
    await user('PUT', path(key_name), { api_key: 'two' });
    await admin('PUT', path(key_name), { api_key: 'three', description: 'd' });
    const { results } = await testDb()
      .prepare(
        'SELECT number, secret_versions.created_by FROM secret_versions JOIN secrets ON id = secret_id WHERE name = ? ORDER BY number',
      )
      .bind(key_name)
      .all();
    expect(results).toEqual([
      { number: 1, created_by: 'user' },
      { number: 2, created_by: 'user' },
      { number: 3, created_by: 'admin' },
    ]);
  });

  test.each([
    ['a value under a name that is taken', { api_key: 'y' }, 409],
    ['no value', { api_key: undefined }, 400],
    ['an empty value', { api_key: '' }, 400],
    ['a value that is null', { api_key: null }, 400],
    ['a value that is a number', { api_key: 1 }, 400],
    ['a value that is a list', { api_key: ['x'] }, 400],
    ['a value that is too long', { api_key: 'x'.repeat(maxValueBytes + 1) }, 400],
    ['a value that is too long in UTF-8', { api_key: 'é'.repeat(maxValueBytes / 2 + 1) }, 400],
    ['a description that is a number', { description: 1 }, 400],
    ['a description that is too long', { description: 'x'.repeat(4_097) }, 400],
    ['no name', { key_name: undefined }, 400],
  ])('%s is refused and changes nothing', async (_, change, status) => {
    const key_name = 'as it was';
    await user('POST', '/keys', { key_name, api_key: 'as it was' });
    const before = (await user('GET', path(key_name))).body;
    const answer = await user('POST', '/keys', { key_name, api_key: 'x', ...change });
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatch(/\.$/);
    expect((await user('GET', path(key_name))).body).toEqual(before);
  });

  test('PUT without anything to change says what to send', async () => {
    const answer = await user('PUT', path('as it was'), {});
    expect([answer.status, answer.body.error]).toEqual([
      400,
      'Send api_key, description, key_name, expires_at, rotate_every_days, labels or owner.',
    ]);
  });

  test('ignores fields that callers cannot set', async () => {
    const key_name = named();
    const fields = { id: 1, owner_id: 1, created_by: 'admin', created_at: '1970-01-01', current_version: 9 };
    await user('POST', '/keys', { key_name, api_key: 'x', ...fields });
    await user('PUT', path(key_name), { description: 'y', ...fields, name: 'another' });
    const { body } = await user('GET', '/keys');
    expect(body.keys?.find((key) => key.key_name === key_name)).toMatchObject({ created_by: 'user', description: 'y' });
  });
});

describe('names', () => {
  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['a control character', 'a\u0007b'],
    ['a newline', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['a control of direction', 'a\u202eb'],
    ['a zero-width space', 'a\u200bb'],
    ['a joiner outside of an emoji', 'a\u200db'],
    ['a byte order mark', '\ufeffa'],
    ['a filler', 'a\u3164b'],
    ['a dot with white space around', ' . '],
    ['over 255 bytes', 'é'.repeat(128)],
    ['a dot', '.'],
    ['two dots', '..'],
    ['no text', 7],
  ])('%s: 400', async (_, key_name) => {
    expect((await user('POST', '/keys', { key_name, api_key: 'x' })).status).toBe(400);
  });

  test.each([
    'with/slash',
    '/',
    '//',
    'a/../b',
    'what?',
    '#1',
    '100%',
    '100%25',
    'weird%20name',
    '%2F',
    'a+b&c=d',
    ';',
    'quote"d',
    "o'brien",
    '<b>bold</b>',
    '<script>alert(1)</script>',
    'emoji-🔑',
    '👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁳󠁣󠁴󠁿',
    'می‌خواهم',
    '../x',
    'a/..',
    './a',
    '/x/',
    '%2e%2e',
    '%252F',
    '%00',
    '..%2f..%2fcdn-cgi',
    '?key_name=other',
    'a&b',
    '鍵-jp',
    'schlüssel-ä',
    '__proto__',
    'constructor',
    'toString',
    'trailing.dot.',
    '...',
    '\\',
    '\\..\\x',
    'activity',
    'a'.repeat(255),
    "'; DROP TABLE secrets; --",
    '%_',
  ])('%s: stored, and found again', async (key_name) => {
    expect((await user('POST', '/keys', { key_name, api_key: `of ${key_name}` })).status).toBe(201);
    expect((await user('GET', path(key_name))).body).toMatchObject({ key_name, api_key: `of ${key_name}` });
    expect((await user('PUT', path(key_name), { description: key_name })).status).toBe(200);
    expect((await user('GET', path(key_name))).body.description).toBe(key_name);
    expect((await user('DELETE', path(key_name))).status).toBe(200);
    // The same through a query, for clients and proxies that do not pass every path on.
    const query = `/key?key_name=${encodeURIComponent(key_name)}`;
    expect((await user('POST', '/keys', { key_name, api_key: 'again' })).status).toBe(201);
    expect((await user('GET', query)).body).toMatchObject({ key_name, api_key: 'again' });
    expect((await user('PUT', query, { api_key: 'new', key_name })).status).toBe(200);
    expect((await user('GET', path(key_name))).body.api_key).toBe('new');
    expect((await user('DELETE', query)).status).toBe(200);
    expect((await user('GET', query)).status).toBe(404);
  });

  test.each(['\u202e', '\u200b', '\u2066', '\ufeff', '\u0007', '\u2028'])(
    'the refusal of %j says which character it is',
    async (character) => {
      const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      const { body } = await user('POST', '/keys', { key_name: `a${character}b`, api_key: 'x' });
      expect(body.error).toContain(`U+${code}`);
      expect(body.error).not.toContain(character);
    },
  );

  test('lose the white space around them, and a client that sends it again finds them', async () => {
    const sent = '\u3000trimmed name\u00a0\n';
    expect((await user('POST', '/keys', { key_name: sent, api_key: 'x' })).status).toBe(201);
    expect((await user('GET', '/keys')).body.keys?.map((key) => key.key_name)).toContain('trimmed name');
    expect((await user('GET', path(sent))).body).toMatchObject({ key_name: 'trimmed name', api_key: 'x' });
    expect((await user('PUT', path(sent), { key_name: sent, api_key: 'y' })).status).toBe(200);
    expect((await user('GET', path('trimmed name'))).body.api_key).toBe('y');
    expect((await user('DELETE', path(sent))).status).toBe(200);
    expect((await user('GET', path('trimmed name'))).status).toBe(404);
  });

  test.each([
    ['white space around', ' alike one\t'],
    ['white space inside', 'alike\u2003 one'],
    ['width', 'ａｌｉｋｅ one'],
    ['a variation selector', 'alike one ❤\ufe0f'],
    ['composition', 'cafe\u0301 one'],
  ])('that differ from one that exists in %s only are taken', async (_, key_name) => {
    for (const taken of ['alike one', 'alike one ❤', 'caf\u00e9 one']) {
      await user('POST', '/keys', { key_name: taken, api_key: 'x' });
    }
    const answer = await colleague('POST', '/keys', { key_name, api_key: 'y' });
    expect([answer.status, answer.body.error]).toEqual([409, expect.stringContaining('looks like it')]);
    expect((await colleague('GET', path(key_name))).status).toBe(404);
  });

  test('that look alike: 40 creates at once, and one key', async () => {
    const spellings = ['race 1', ' race 1', 'race\u2003 1', 'ｒace 1'];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        user('POST', '/keys', { key_name: spellings[i % spellings.length], api_key: `${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(39).fill(409)]);
  });

  test('are case-sensitive', async () => {
    await user('POST', '/keys', { key_name: 'Case', api_key: 'upper' });
    await user('POST', '/keys', { key_name: 'case', api_key: 'lower' });
    expect((await user('GET', '/keys/Case')).body.api_key).toBe('upper');
    expect((await user('GET', '/keys/case')).body.api_key).toBe('lower');
  });

  test.each(['/keys/%', '/keys/%E0%A4%A', '/keys/%ff', '/keys/%00', '/keys/%0a'])('%s: 400', async (bad) => {
    expect((await user('GET', bad)).status).toBe(400);
  });
});

describe('a change that repeats the name', () => {
  test.each([
    ['an empty name', { key_name: '' }],
    ['a list for a name', { key_name: ['kept'] }],
    ['a number for a name', { key_name: 7 }],
    ['an invisible character', { key_name: 'ke\u200bpt' }],
  ])('%s: 400, nothing is changed, and the log has it', async (_, field) => {
    await user('POST', '/keys', { key_name: 'kept', api_key: 'as it was' });
    const answer = await user('PUT', path('kept'), { api_key: 'changed', ...field });
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/key_name/)]);
    expect((await user('GET', path('kept'))).body.api_key).toBe('as it was');
    const { body } = await user('GET', '/logs?limit=2');
    expect(body.logs?.[1]).toMatchObject({ outcome: 'invalid' });
  });

  test('its own name, null, and fields that no route knows: updated', async () => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: 'x' });
    for (const field of [{ key_name }, { key_name: ` ${key_name} ` }, { key_name: null }, { title: 'x', name: 'y' }]) {
      expect((await user('PUT', path(key_name), { api_key: 'y', ...field })).status).toBe(200);
    }
  });
});

describe('names that version 1.0.0 stored', () => {
  /** As 1.0.0 did it: any name, and no likeness. */
  const storeOld = async (name: string, value: string) => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: value });
    const { token, keyId, binding } = sealValue(parseKeyring(testKeys.ENCRYPTION_KEY), name, value);
    const db = testDb();
    const { id } = (await db
      .prepare('SELECT id FROM secrets WHERE name = ?')
      .bind(key_name)
      .first<{ id: number }>()) ?? {
      id: 0,
    };
    await db.batch([
      db.prepare('UPDATE secrets SET name = ?, likeness = NULL WHERE id = ?').bind(name, id),
      db
        .prepare('UPDATE secret_versions SET token = ?, binding = ?, key_id = ? WHERE secret_id = ?')
        .bind(token, binding, keyId, id),
    ]);
  };

  test.each([
    ['with white space around', ' old padded '],
    ['with white space that is not ASCII around', '\u3000old wide\u00a0'],
    ['with a control of direction', 'old \u202etxt'],
    ['with a zero-width space', 'old\u200bzero'],
    ['that is two dots with white space around', ' .. '],
  ])('%s: read, changed, listed and deleted, in a path and in a query', async (_, name) => {
    for (const at of [path(name), `/key?key_name=${encodeURIComponent(name)}`]) {
      await storeOld(name, 'old value');
      expect((await user('GET', at)).body).toMatchObject({ key_name: name, api_key: 'old value' });
      expect((await user('GET', '/keys')).body.keys?.map((key) => key.key_name)).toContain(name);
      expect((await user('PUT', at, { api_key: 'new value', key_name: name })).status).toBe(200);
      expect((await user('GET', at)).body.api_key).toBe('new value');
      expect((await user('POST', '/keys', { key_name: trimmed(name), api_key: 'x' })).status).not.toBe(201);
      expect((await user('DELETE', at)).status).toBe(200);
      expect((await user('GET', at)).status).toBe(404);
    }
  });

  test('can be renamed to what a new key may be called, and from the trash as well', async () => {
    await storeOld(' old to rename ', 'old value');
    const next = named();
    expect((await user('PUT', path(' old to rename '), { key_name: next })).status).toBe(200);
    expect((await user('GET', path(next))).body.api_key).toBe('old value');
    await storeOld(' old to trim ', 'old value');
    expect((await user('PUT', path(' old to trim '), { key_name: 'old to trim' })).status).toBe(200);
    expect((await user('GET', path('old to trim'))).body).toMatchObject({
      key_name: 'old to trim',
      api_key: 'old value',
    });
    await storeOld(' old to restore\u200b ', 'old value');
    const id = (await user('DELETE', path(' old to restore\u200b '))).headers.get('Trash-Id');
    const restored = await user('POST', `/trash/${id}/restore`, { key_name: named() });
    expect((await user('GET', path(restored.body.key_name ?? ''))).body.api_key).toBe('old value');
  });

  test('and that look alike: each is served, changed and deleted under its own spelling, and no third can be added', async () => {
    const names = ['twin', ' twin', 'twin ', 'ｔｗｉｎ', 'tw\u200bin'];
    for (const name of names) await storeOld(name, `of ${name}`);
    for (const name of names) expect((await user('GET', path(name))).body.api_key).toBe(`of ${name}`);
    for (const name of names) {
      expect((await user('PUT', path(name), { api_key: `new of ${name}` })).status).toBe(200);
    }
    for (const name of names) expect((await user('GET', path(name))).body.api_key).toBe(`new of ${name}`);
    const taken = async () => (await user('POST', '/keys', { key_name: 'twin\u00a0', api_key: 'x' })).status;
    expect(await taken()).toBe(409);
    for (const name of names) {
      expect(await taken()).toBe(409);
      expect((await user('DELETE', path(name))).status).toBe(200);
      const left = (await user('GET', '/keys')).body.keys?.map((key) => key.key_name) ?? [];
      expect(left).not.toContain(name);
    }
    expect(await taken()).toBe(201);
    expect((await user('DELETE', path('twin'))).status).toBe(200);
  });

  test('2,000 of them: the first new key gives each a likeness, and only then does one round trip refuse, and one store', async () => {
    const db = testDb();
    await db.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version) SELECT 'öld ' || i, 2, 'user', 0, 0, 1 FROM n",
    );
    expect((await user('POST', '/keys', { key_name: 'o\u0308ld 1999', api_key: 'x' })).status).toBe(409);
    expect(await db.prepare('SELECT count(*) AS n FROM secrets WHERE likeness IS NULL').first('n')).toBe(0);
    vault.trips.count = 0;
    expect((await user('POST', '/keys', { key_name: 'o\u0308ld 2000', api_key: 'x' })).status).toBe(409);
    expect((await user('POST', '/keys', { key_name: 'öld 2001', api_key: 'x' })).status).toBe(201);
    expect(vault.trips.count).toBe(2);
    await db.exec("DELETE FROM secrets WHERE name LIKE 'öld %'");
  });
});

test('any name and any value come back byte for byte, and any name can be changed and deleted', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => trimmed(text) === text && text !== '' && invisibleIn(text) === null);
  // Any code points. Not fast-check's unit 'binary', which takes three seconds to list them all.
  const value = fc
    .array(fc.integer({ min: 0, max: 0x10_ffff }), { minLength: 1 })
    .map((points) => String.fromCodePoint(...points))
    .filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(name, value, async (suffix, api_key) => {
      const key_name = `${suffix} ${named()}`;
      expect((await user('POST', '/keys', { key_name, api_key })).status).toBe(201);
      expect((await user('GET', path(key_name))).body).toMatchObject({ key_name, api_key });
      const after = `/keys?after=${encodeURIComponent(key_name.slice(0, -1).toWellFormed())}`;
      expect((await user('GET', after)).body.keys?.[0]?.key_name).toBe(key_name);
      expect((await user('PUT', path(key_name), { key_name, description: 'd' })).status).toBe(200);
      expect((await user('DELETE', path(key_name))).status).toBe(200);
    }),
    { numRuns: 60 },
  );
});

test('a name made of what URLs change on their way is stored, read, changed and deleted', async () => {
  const part = fc.constantFrom(
    ...['.', '..', '/', '//', '\\', '%', '%2e', '%2F', '%25', '?', '#', ';', '+', ' ', '&', '=', 'x'],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 8 }), async (parts) => {
      const key_name = trimmed(parts.join(''));
      const created = await user('POST', '/keys', { key_name, api_key: key_name || 'x' });
      const isRefused = ['', '.', '..'].includes(key_name);
      expect(created.status).toBe(isRefused ? 400 : 201);
      if (isRefused) return;
      for (const at of [path(key_name), `/key?key_name=${encodeURIComponent(key_name)}`]) {
        expect((await user('GET', at)).body).toMatchObject({ key_name, api_key: key_name });
        expect((await user('PUT', at, { key_name, description: 'd' })).status).toBe(200);
      }
      expect((await user('DELETE', path(key_name))).status).toBe(200);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['64 KiB', 'x'.repeat(maxValueBytes)],
  ['64 KiB of NUL', '\u0000'.repeat(maxValueBytes)],
  ['newlines, NUL and emoji', '-----BEGIN KEY-----\r\n\u0000\t🔑\n'],
  ['white space', ' \n '],
  ['a byte order mark', '\ufeffvalue'],
])('a value of %s comes back byte for byte', async (_, api_key) => {
  const key_name = named();
  expect((await user('POST', '/keys', { key_name, api_key })).status).toBe(201);
  expect((await user('GET', path(key_name))).body.api_key).toBe(api_key);
});

describe("another user's key", () => {
  test.each([
    ['GET', undefined],
    ['PUT', { api_key: 'mine now' }],
    ['PUT', { description: 'mine now' }],
    ['DELETE', undefined],
  ] as const)(
    '%s answers as for a missing key, byte for byte, and the log records the difference',
    async (method, body) => {
      const key_name = named();
      await colleague('POST', '/keys', { key_name, api_key: 'theirs' });
      const foreign = await user(method, path(key_name), body);
      const missing = await user(method, path('nothing of this name'), body);
      expect([foreign.status, foreign.text, [...foreign.headers]]).toEqual([404, missing.text, [...missing.headers]]);
      expect((await colleague('GET', path(key_name))).body).toMatchObject({ api_key: 'theirs', description: '' });
      const { results } = await testDb()
        .prepare("SELECT outcome, target FROM audit_events WHERE actor_name = 'user' ORDER BY id DESC LIMIT 2")
        .all();
      expect(results).toEqual([
        { outcome: 'not_found', target: 'nothing of this name' },
        { outcome: 'denied', target: key_name },
      ]);
    },
  );

  test('is not in the list of a user, but in the list of an admin', async () => {
    const key_name = named();
    await colleague('POST', '/keys', { key_name, api_key: 'theirs' });
    const names = async (client: Client) => (await client('GET', '/keys')).body.keys?.map((key) => key.key_name);
    expect(await names(user)).not.toContain(key_name);
    expect(await names(colleague)).toContain(key_name);
    expect(await names(admin)).toContain(key_name);
  });

  test('can be read, changed and deleted by an admin, and keeps its owner', async () => {
    const key_name = named();
    await colleague('POST', '/keys', { key_name, api_key: 'theirs' });
    expect((await admin('GET', path(key_name))).body.api_key).toBe('theirs');
    expect((await admin('PUT', path(key_name), { api_key: 'changed' })).status).toBe(200);
    expect((await colleague('GET', path(key_name))).body.api_key).toBe('changed');
    expect((await admin('DELETE', path(key_name))).status).toBe(200);
  });
});

describe('simultaneous requests', () => {
  test('to create one name, 50 of them: one 201, 49 conflicts, and one key', async () => {
    const key_name = named();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? user : colleague)('POST', '/keys', { key_name, api_key: `${i}` })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
    expect((await admin('GET', path(key_name))).body.api_key).toBe(String(statuses.indexOf(201)));
  });

  test('for a value and a description: both are kept', async () => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: 'old', description: 'old' });
    await Promise.all([
      user('PUT', path(key_name), { api_key: 'new' }),
      user('PUT', path(key_name), { description: 'new' }),
    ]);
    expect((await user('GET', path(key_name))).body).toMatchObject({ api_key: 'new', description: 'new' });
  });

  test('for 20 new values: 20 versions, and the last one is served', async () => {
    const key_name = named();
    await user('POST', '/keys', { key_name, api_key: 'first' });
    await Promise.all(Array.from({ length: 20 }, (_, i) => user('PUT', path(key_name), { api_key: `v${i}` })));
    const row = await testDb()
      .prepare(
        'SELECT current_version, (SELECT count(*) FROM secret_versions WHERE secret_id = id) AS versions FROM secrets WHERE name = ?',
      )
      .bind(key_name)
      .first();
    expect(row).toEqual({ current_version: 21, versions: 21 });
  });
});

describe('a stored value that was tampered with', () => {
  const stored = (column: string, name: string) =>
    `(SELECT ${column} FROM secret_versions v JOIN secrets s ON s.id = v.secret_id WHERE s.name = '${name}')`;
  const update = (assignment: string, name: string) =>
    testDb().exec(
      `UPDATE secret_versions SET ${assignment} WHERE secret_id = (SELECT id FROM secrets WHERE name = '${name}')`,
    );

  test.each([
    ['altered', "token = substr(token, 1, 60) || 'AAAA' || substr(token, 65)", 'binding_mismatch'],
    ['not a token at all', "token = 'x'", 'binding_mismatch'],
    ['moved from another row', `token = ${stored('token', 'victim')}`, 'binding_mismatch'],
    [
      'moved from another row with its binding',
      `token = ${stored('token', 'victim')}, binding = ${stored('binding', 'victim')}`,
      'binding_mismatch',
    ],
    ['said to be sealed by another key', "key_id = 'ffffffffffffffff'", 'unknown_key'],
  ])(
    '%s: 500 without details for this key, other keys can be read, and the log says why',
    async (_, assignment, reason) => {
      await user('POST', '/keys', { key_name: 'victim', api_key: 'the other value' });
      const key_name = named();
      await user('POST', '/keys', { key_name, api_key: 'this value' });
      await update(assignment, key_name);
      const answer = await user('GET', path(key_name));
      expect([answer.status, Object.keys(answer.body)]).toEqual([500, ['error']]);
      expect(answer.text).not.toMatch(/value"|token|binding|mismatch/);
      expect((await user('GET', '/keys/victim')).body.api_key).toBe('the other value');
      expect((await user('GET', '/keys')).status).toBe(200);
      const { body } = await user('GET', '/logs?action=view_key&success=false&limit=1');
      expect(body.logs).toMatchObject([{ key_name, outcome: 'failed', reason }]);
      expect((await user('PUT', path(key_name), { api_key: 'mended' })).status).toBe(200);
      expect((await user('GET', path(key_name))).body.api_key).toBe('mended');
    },
  );

  test('swapping the names of two rows makes both unreadable', async () => {
    const [one, two] = [named(), named()];
    await user('POST', '/keys', { key_name: one, api_key: 'value of one' });
    await user('POST', '/keys', { key_name: two, api_key: 'value of two' });
    await testDb().exec(`UPDATE secrets SET name = 'swapping' WHERE name = '${one}'`);
    await testDb().exec(`UPDATE secrets SET name = '${one}' WHERE name = '${two}'`);
    await testDb().exec(`UPDATE secrets SET name = '${two}' WHERE name = 'swapping'`);
    expect((await user('GET', path(one))).status).toBe(500);
    expect((await user('GET', path(two))).status).toBe(500);
  });
});

test('the database contains a Fernet token, never the value', async () => {
  const key_name = named();
  await user('POST', '/keys', { key_name, api_key: 'a value to look for' });
  const { results } = await testDb().prepare('SELECT * FROM secret_versions ORDER BY created_at DESC LIMIT 1').all();
  expect(results).toHaveLength(1);
  expect(JSON.stringify(results)).not.toContain('a value to look for');
  expect(results.every((row) => /^gAAAAA[\w-]+=*$/.test(String(row.token)))).toBe(true);
});

test('a list that is longer than one answer continues after its last name', async () => {
  const db = testDb();
  const before = (await admin('GET', '/keys')).body.keys?.length ?? 0;
  await db.exec(
    `
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO secrets (name, owner_id, created_by, created_at, updated_at, current_version)
    SELECT 'many ' || i, 2, 'user', 0, 0, 1 FROM n`.replaceAll('\n', ' '),
  );
  const first = await admin('GET', '/keys');
  expect(first.body.keys).toHaveLength(10_000);
  const rest = await admin('GET', `/keys?after=${encodeURIComponent(first.body.next ?? '')}`);
  expect(rest.body.keys).toHaveLength(before);
  expect(rest.body.next).toBeUndefined();
  const names = [...(first.body.keys ?? []), ...(rest.body.keys ?? [])].map((key) => key.key_name);
  expect(new Set(names).size).toBe(10_000 + before);
});
