/** A request that is sent again with its Idempotency-Key is carried out once, and answered the same. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keptAnswersMs, maxDroppedAnswers, maxIdempotencyKeyCharacters, maxKeptAnswers } from '../../core/limits.ts';
import { requestedBy } from '../http/route.ts';
import { type Answer, type Client, startVault, testDb, testKeys } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;
let token: { id: number; use: Client };
let number = 0;

const newKey = () => `request-${++number}`;
const named = (key: string) => ({ 'Idempotency-Key': key });
const rows = async (sql: string, ...values: unknown[]) =>
  (
    await testDb()
      .prepare(sql)
      .bind(...values)
      .all<Record<string, unknown>>()
  ).results;
const countOf = async (table: string) => (await rows(`SELECT count(*) AS count FROM ${table}`))[0]?.count as number;
const events = (most: number) =>
  rows('SELECT action, target, outcome, reason, actor_name, token_id FROM audit_events ORDER BY id DESC LIMIT ?', most);
const shown = ({ status, text, headers }: Answer) => ({ status, text, etag: headers.get('ETag') });
const isReplay = ({ headers }: Answer) => headers.get('Idempotent-Replayed');

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  const made = await user('POST', '/tokens', { name: 'ci', access: 'manage', scopes: ['*'] });
  token = { id: made.body.id as number, use: vault.client(made.body.token ?? '') };
});

beforeEach(() => {
  number += 1000;
});

const add = async (name: string) => user('POST', '/keys', { key_name: name, api_key: 'first' });
const trash = async (name: string) => {
  await add(name);
  return (await user('DELETE', `/keys/${name}`)).headers.get('Trash-Id') ?? '';
};

/** Each route that takes a key: what it asks, made anew for each test, and how many round trips it takes. */
const asked: Record<string, (name: string) => Promise<{ path: string; body?: object; trips?: number }>> = {
  'POST /keys': async (name) => ({ path: '/keys', body: { key_name: name, api_key: 'secret-value' }, trips: 1 }),
  'POST /keys/import': async (name) => {
    await add(`${name}-old`);
    const entries = [
      { key_name: name, api_key: 'secret-value' },
      { key_name: `${name}-old`, api_key: 'first' },
    ];
    return { path: '/keys/import', body: { entries, on_conflict: 'update' }, trips: 3 };
  },
  'POST /keys/import with changes only': async (name) => {
    await add(name);
    const entries = [{ key_name: name, api_key: 'secret-value' }];
    return { path: '/keys/import', body: { entries, on_conflict: 'update' }, trips: 3 };
  },
  'POST /keys/import with nothing to change': async (name) => {
    await add(name);
    return { path: '/keys/import', body: { entries: [{ key_name: name, api_key: 'first' }] }, trips: 3 };
  },
  'POST /keys/:name/restore': async (name) => {
    await add(name);
    return { path: `/keys/${name}/restore`, body: { version: 1 } };
  },
  'POST /key/restore': async (name) => {
    await add(name);
    return { path: `/key/restore?key_name=${name}`, body: { version: 1 } };
  },
  'POST /trash/:id/restore': async (name) => ({ path: `/trash/${await trash(name)}/restore` }),
  'POST /trash/:id/restore with a new name': async (name) => ({
    path: `/trash/${await trash(name)}/restore`,
    body: { key_name: `${name}-renamed` },
    trips: 3,
  }),
  'POST /projects': async (name) => {
    await add(`${name}/key`);
    return { path: '/projects', body: { name } };
  },
};

/** All that a request may change. */
const stored = async () => ({
  secrets: await rows('SELECT id, name, current_version, revision, deleted_at, project_id FROM secrets ORDER BY id'),
  versions: await rows('SELECT secret_id, number, token FROM secret_versions ORDER BY secret_id, number'),
  projects: await rows('SELECT id, name, secrets FROM projects ORDER BY id'),
  members: await rows('SELECT project_id, user_id, role FROM members ORDER BY project_id, user_id'),
});

const cases = Object.entries(asked).flatMap(([route, ask]) => [
  { route, ask, by: 'a session', client: () => user },
  { route, ask, by: 'a service token', client: () => token.use },
]);

test('the routes that take a key are those of which the tests know', () => {
  const taking = vault.app.routes.filter(({ handler }) => requestedBy(handler)?.takesKey);
  expect(taking.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    Object.keys(asked)
      .filter((route) => !route.includes('with'))
      .sort(),
  );
});

describe.each(cases.filter(({ route, by }) => !(route === 'POST /projects' && by === 'a service token')))(
  '$route by $by',
  ({ ask, client, by }) => {
    const nameOf = (what: string) => `${what}-${number}-${by.replace(/.* /, '')}`;

    test('is carried out once, and answered the same as often as it is sent', async () => {
      const { path, body, trips = 2 } = await ask(nameOf('once'));
      const headers = named(newKey());
      vault.trips.count = 0;
      const first = await client()('POST', path, body, headers);
      expect(vault.trips.count).toBe(trips);
      expect(first.status, first.text).toBeLessThan(300);
      expect(isReplay(first)).toBeNull();
      const before = await stored();
      const kept = await countOf('kept_answers');
      for (let again = 0; again < 2; again++) {
        vault.trips.count = 0;
        const second = await client()('POST', path, body, headers);
        expect(vault.trips.count).toBe(1);
        expect(shown(second)).toEqual(shown(first));
        expect(isReplay(second)).toBe('true');
        expect(await events(1)).toMatchObject([{ outcome: 'conflict', reason: 'repeated', actor_name: 'user' }]);
      }
      expect(await stored()).toEqual(before);
      expect(await countOf('kept_answers')).toBe(kept);
    });

    test('is carried out once if it is sent many times at once', async () => {
      const { path, body } = await ask(nameOf('race'));
      const headers = named(newKey());
      const answers = await Promise.all(Array.from({ length: 8 }, () => client()('POST', path, body, headers)));
      expect(answers.filter((answer) => isReplay(answer) === null)).toHaveLength(1);
      expect(new Set(answers.map((answer) => JSON.stringify(shown(answer)))).size).toBe(1);
      expect(answers[0]?.status).toBeLessThan(300);
      // Two restores or two imports of one key would have made two versions.
      const [most] = await rows(
        'SELECT max(number) AS most FROM secret_versions JOIN secrets ON id = secret_id WHERE name LIKE ?',
        `${nameOf('race')}%`,
      );
      expect(most?.most ?? 0).toBeLessThanOrEqual(2);
    });

    test('is a 422 with the key of another request, and changes nothing', async () => {
      const headers = named(newKey());
      await user('POST', '/keys', { key_name: nameOf('other'), api_key: 'value' }, headers);
      await token.use('POST', '/keys', { key_name: nameOf('other-token'), api_key: 'value' }, headers);
      const { path, body } = await ask(nameOf('mine'));
      const before = await stored();
      const answer = await client()('POST', path, body, headers);
      expect(answer.status).toBe(422);
      expect(answer.body.error).toContain('Idempotency-Key');
      expect(await stored()).toEqual(before);
      expect(await events(1)).toMatchObject([{ outcome: 'conflict', reason: 'key_of_other_request' }]);
    });

    test('keeps neither the value nor anything else that is secret', async () => {
      const { path, body } = await ask(nameOf('secret'));
      await client()('POST', path, body, named(newKey()));
      const text = JSON.stringify(await rows('SELECT * FROM kept_answers'));
      const tokens = await rows('SELECT token FROM secret_versions WHERE token IS NOT NULL');
      expect(text).not.toContain('secret-value');
      for (const { token: sealed } of tokens) expect(text).not.toContain(sealed);
    });
  },
);

describe('which request it is', () => {
  const request = { key_name: 'same', api_key: 'value' };
  test.each([
    ['another value', '/keys', { ...request, api_key: 'another' }],
    ['another field', '/keys', { ...request, description: 'more' }],
    ['another path', '/keys/import', { entries: [request] }],
    ['a query', '/keys?x=1', request],
  ])('%s is another request', async (_, path, body) => {
    const headers = named(newKey());
    const first = { ...request, key_name: `same-${number}` };
    expect((await user('POST', '/keys', first, headers)).status).toBe(201);
    const answer = await user(
      'POST',
      path,
      { ...body, ...('key_name' in body && { key_name: first.key_name }) },
      headers,
    );
    expect(answer.status).toBe(422);
  });

  test('another If-Match is another request', async () => {
    const headers = named(newKey());
    await add(`match-${number}`);
    const path = `/keys/match-${number}/restore`;
    expect((await user('POST', path, { version: 1 }, { ...headers, 'If-Match': '"1"' })).status).toBe(200);
    expect((await user('POST', path, { version: 1 }, { ...headers, 'If-Match': '"2"' })).status).toBe(422);
    expect((await user('POST', path, { version: 1 }, { ...headers, 'If-Match': '"1"' })).status).toBe(200);
  });

  test('the layout of the JSON does not matter', async () => {
    const headers = named(newKey());
    const name = `layout-${number}`;
    expect((await user('POST', '/keys', { key_name: name, api_key: 'v' }, headers)).status).toBe(201);
    const spaced = await user('POST', '/keys', `{ "key_name": "${name}",\n "api_key": "v" }`, headers);
    expect([spaced.status, isReplay(spaced)]).toEqual([201, 'true']);
  });
});

describe('whose key it is', () => {
  test('two people, and a person and their token, may use the same key', async () => {
    const headers = named(newKey());
    for (const [client, name] of [
      [user, 'a'],
      [admin, 'b'],
      [token.use, 'c'],
    ] as const) {
      const answer = await client('POST', '/keys', { key_name: `whose-${number}-${name}`, api_key: 'v' }, headers);
      expect([answer.status, isReplay(answer)]).toEqual([201, null]);
    }
  });

  test('another session of the same person finds the answer', async () => {
    const headers = named(newKey());
    const body = { key_name: `session-${number}`, api_key: 'v' };
    await user('POST', '/keys', body, headers);
    const other = await vault.signIn('user', 'user123');
    expect(isReplay(await other('POST', '/keys', body, headers))).toBe('true');
  });

  test('a credential that no longer works gets a 401, and one that may no longer do it a 403', async () => {
    const headers = named(newKey());
    const made = await user('POST', '/tokens', { name: 'short', access: 'write', scopes: ['*'] });
    const short = vault.client(made.body.token ?? '');
    const session = await vault.signIn('user', 'user123');
    const body = { key_name: `ended-${number}`, api_key: 'v' };
    const ofToken = { key_name: `ended-${number}-token`, api_key: 'v' };
    expect((await session('POST', '/keys', body, headers)).status).toBe(201);
    expect((await short('POST', '/keys', ofToken, headers)).status).toBe(201);
    await testDb().prepare("UPDATE service_tokens SET access = 'read' WHERE id = ?").bind(made.body.id).run();
    expect((await short('POST', '/keys', ofToken, headers)).status).toBe(403);
    await user('DELETE', `/tokens/${made.body.id}`);
    expect((await short('POST', '/keys', ofToken, headers)).status).toBe(401);
    await session('POST', '/auth/logout');
    expect((await session('POST', '/keys', body, headers)).status).toBe(401);
  });
});

describe('what is not kept', () => {
  test('a refusal: the request may come again, and is judged anew', async () => {
    const headers = named(newKey());
    const name = `refused-${number}`;
    await add(name);
    const body = { key_name: name, api_key: 'v' };
    expect((await user('POST', '/keys', body, headers)).status).toBe(409);
    await user('DELETE', `/keys/${name}`);
    const answer = await user('POST', '/keys', body, headers);
    expect([answer.status, isReplay(answer)]).toEqual([201, null]);
  });

  test('an invalid request: its key is free', async () => {
    const headers = named(newKey());
    expect((await user('POST', '/keys', { key_name: '' }, headers)).status).toBe(400);
    expect((await user('POST', '/keys', { key_name: `valid-${number}`, api_key: 'v' }, headers)).status).toBe(201);
  });

  test('an import that stores nothing because of its entries', async () => {
    const headers = named(newKey());
    await add(`held-${number}`);
    const body = { entries: [{ key_name: `held-${number}`, api_key: 'other' }] };
    for (let again = 0; again < 2; again++)
      expect((await user('POST', '/keys/import', body, headers)).status).toBe(409);
    expect(isReplay(await user('POST', '/keys/import', body, headers))).toBeNull();
  });

  test('after 24 hours a request is carried out again, and what is over goes', async () => {
    const headers = named(newKey());
    const name = `day-${number}`;
    await add(name);
    const restore = () => user('POST', `/keys/${name}/restore`, { version: 1 }, headers);
    expect((await restore()).body).toMatchObject({ version: 2 });
    expect((await restore()).body).toMatchObject({ version: 2 });
    await testDb().prepare('UPDATE kept_answers SET at = at - ?').bind(keptAnswersMs).run();
    expect((await restore()).body).toMatchObject({ version: 3 });
    expect(await countOf('kept_answers')).toBe(1);
  });

  test('it is carried out again even if more is over than one request removes', async () => {
    const headers = named(newKey());
    const name = `crowded-${number}`;
    await add(name);
    const restore = () => user('POST', `/keys/${name}/restore`, { version: 1 }, headers);
    expect((await restore()).body).toMatchObject({ version: 2 });
    await testDb().prepare('UPDATE kept_answers SET at = at - ?').bind(keptAnswersMs).run();
    await testDb().exec(
      `INSERT INTO kept_answers WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ${2 * maxDroppedAnswers}) SELECT 999, 0, 'filled ' || value, 'x', value, '[]' FROM n`,
    );
    expect((await restore()).body).toMatchObject({ version: 3 });
    expect(await countOf('kept_answers')).toBeLessThan(2 * maxDroppedAnswers);
    await testDb().exec('DELETE FROM kept_answers');
  });

  test('more answers than are kept of one account and of one token: the oldest go', async () => {
    const fill = (actor: number, of: number) =>
      testDb()
        .prepare(
          `INSERT INTO kept_answers SELECT ?, ?, 'filled ' || value, 'x', ? + value, '[]' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ${maxKeptAnswers + 50}) SELECT value FROM n)`,
        )
        .bind(actor, of, Date.now() - 100_000)
        .run();
    const [me] = await rows("SELECT id FROM users WHERE name = 'user'");
    await fill(me?.id as number, 0);
    await fill(me?.id as number, token.id);
    await fill(999, 0);
    await user('POST', '/keys', { key_name: `full-${number}`, api_key: 'v' }, named(newKey()));
    const counts = await rows(
      'SELECT token_id, count(*) AS count FROM kept_answers WHERE actor_id = ? GROUP BY 1',
      me?.id,
    );
    expect(counts).toEqual([
      { token_id: 0, count: maxKeptAnswers },
      { token_id: token.id, count: expect.any(Number) },
    ]);
    expect(counts[1]?.count).toBeGreaterThan(maxKeptAnswers);
    expect(await rows('SELECT count(*) AS count FROM kept_answers WHERE actor_id = 999')).toEqual([
      { count: maxKeptAnswers + 50 },
    ]);
    await testDb().exec('DELETE FROM kept_answers');
  });
});

describe('the form of a key', () => {
  const uuid = '8e03978e-40d5-43e8-bc93-6894a57f9324';
  test.each([
    ['quoted, as the draft has it', `"${uuid}-1"`],
    ['without quotes', `${uuid}-2`],
    ['with what must be escaped', '"a \\"b\\" \\\\ c"'],
    ['as long as it may be', 'k'.repeat(maxIdempotencyKeyCharacters)],
  ])('%s is taken', async (_, key) => {
    const body = { key_name: `form-${number}`, api_key: 'v' };
    expect((await user('POST', '/keys', body, named(key))).status).toBe(201);
    expect(isReplay(await user('POST', '/keys', body, named(key)))).toBe('true');
  });

  test('is the same with and without quotes', async () => {
    const body = { key_name: `quotes-${number}`, api_key: 'v' };
    await user('POST', '/keys', body, named(`quotes-${number}`));
    expect(isReplay(await user('POST', '/keys', body, named(`"quotes-${number}"`)))).toBe('true');
  });

  test.each([
    ['nothing', ''],
    ['an empty string', '""'],
    ['too long', 'k'.repeat(maxIdempotencyKeyCharacters + 1)],
    ['a quote that does not end', '"abc'],
    ['an escape that is none', '"a\\bc"'],
    ['two keys', 'a, b'],
    ['parameters', '"a";b=1'],
    ['white space', 'a b'],
  ])('%s is a 400 that says what to send', async (_, key) => {
    const answer = await user('POST', '/keys', { key_name: `bad-${number}`, api_key: 'v' }, named(key));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/^Idempotency-Key must be 1 to 255 printable ASCII characters/);
    expect(await events(1)).toMatchObject([{ action: 'secret.create', outcome: 'invalid', actor_name: 'user' }]);
    expect((await user('GET', `/keys/bad-${number}`)).status).toBe(404);
  });
});

describe('what takes none', () => {
  test.each([
    ['/auth/login', { username: 'user', password: 'user123' }],
    ['/auth/password', { current_password: 'user123', new_password: 'a password to be refused' }],
    ['/auth/logout', undefined],
    ['/keys/values', { names: ['same'] }],
    ['/tokens', { name: 'refused', access: 'read', scopes: ['*'] }],
    ['/tokens/1/rotate', {}],
    ['/users', { username: 'refused', password: 'a password to be refused' }],
    ['/keys/import', { entries: [{ key_name: 'dry', api_key: 'v' }], dry_run: true }],
  ])('POST %s is a 400 with one, and nothing is done or kept', async (path, body) => {
    const before = [await countOf('users'), await countOf('service_tokens'), await countOf('kept_answers')];
    const answer = await admin('POST', path, body, named(newKey()));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain('Leave the header out');
    expect([await countOf('users'), await countOf('service_tokens'), await countOf('kept_answers')]).toEqual(before);
    expect((await admin('GET', '/auth/session')).status).toBe(200);
  });

  test('for other methods the header means nothing', async () => {
    const headers = named(newKey());
    const name = `put-${number}`;
    await add(name);
    for (let version = 2; version < 4; version++) {
      expect((await user('PUT', `/keys/${name}`, { api_key: 'v' }, headers)).status).toBe(200);
      expect((await user('GET', `/keys/${name}`, undefined, headers)).body).toMatchObject({ version });
    }
  });
});

test('the log names a request that was sent again for what it was', async () => {
  const headers = named(newKey());
  const body = { key_name: `logged-${number}`, api_key: 'v' };
  for (let again = 0; again < 2; again++) await user('POST', '/keys', body, headers);
  const { logs } = (await user('GET', `/logs?key_name=logged-${number}`)).body;
  expect(logs?.map(({ action, success, outcome, reason }) => ({ action, success, outcome, reason }))).toEqual([
    { action: 'add_key', success: false, outcome: 'conflict', reason: 'repeated' },
    { action: 'add_key', success: true, outcome: 'allowed', reason: null },
  ]);
});

// The last one: from now on the vault has another encryption key.
test('a request is known by a retired encryption key as well', async () => {
  const headers = named(newKey());
  const body = { key_name: `rotated-${number}`, api_key: 'value' };
  expect((await user('POST', '/keys', body, headers)).status).toBe(201);
  const rotated = await startVault({
    ENCRYPTION_KEY: 'R3dYb0xhZ2VzUHVtcGVybmlja2VsT2F0bWVhbFJ5ZTE=',
    RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY,
  });
  expect(isReplay(await rotated.client(user.token)('POST', '/keys', body, headers))).toBe('true');
});
