/**
 * Every row that grants authority, forged by somebody who can write the database and has no key: through the real routes, each forgery is
 * refused, leaves nothing changed, is in the log with the name of the row, and makes /health say so.
 */
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeVerifier } from '../../core/crypto/password.ts';
import { annId, eveId, hostileVault, one, password, project, sql, tables } from '../testing/hostile.ts';
import { type Client, startVault, testKeys } from '../testing/vault.ts';

const cheap = { N: 2 ** 10, r: 1, p: 1 };
let readingToken: Client;
let projectToken: Client;
const { people, later } = hostileVault(async ({ vault, eve, ann }) => {
  await ann('PUT', '/projects/shop/members/eve', { role: 'viewer' });
  const made = await eve('POST', '/tokens', { name: 'reader', access: 'read', scopes: ['OF_EVE'] });
  readingToken = vault.client(made.body.token ?? '');
  const team = await eve('POST', '/tokens', { name: 'team', project: 'lair', access: 'read', scopes: ['lair/*'] });
  projectToken = vault.client(team.body.token ?? '');
});
let admin: Client;
let eve: Client;
let child: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ admin, eve, child, vault } = people);
});

const secret = (name: string) => `(SELECT id FROM secrets WHERE name = '${name}')`;
const tokenOf = (name: string) => `(SELECT id FROM service_tokens WHERE name = '${name}')`;

const read = (name: string) => () => eve('GET', `/keys/${encodeURIComponent(name)}`);
const values = () => eve('POST', '/keys/values', { names: ['OF_ANN'] });
const path = (name: string) => () => eve('GET', `/v1/secret/data/${name}`);

type Forgery = [
  what: string,
  statements: string[] | (() => Promise<string[]>),
  ask: () => Promise<Answer>,
  row: string,
];
type Answer = { status: number; text: string };

const signInAs = (username: string, secretOf: string) => () =>
  vault.anonymous('POST', '/auth/login', { username, password: secretOf });

const forgeries: Forgery[] = [
  [
    'a key with another owner',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    read('OF_ANN'),
    'key OF_ANN',
  ],
  ['the same, read in bulk', [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`], values, 'key OF_ANN'],
  [
    'the same, read at its path',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    path('OF_ANN'),
    'key OF_ANN',
  ],
  [
    'the same, changed',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('PUT', '/keys/OF_ANN', { api_key: 'mine' }),
    'key OF_ANN',
  ],
  [
    'the same, written at its path',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('POST', '/v1/secret/data/OF_ANN', { data: { value: 'mine' } }),
    'key OF_ANN',
  ],
  [
    'the same, imported over',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('POST', '/keys/import', { entries: [{ key_name: 'OF_ANN', api_key: 'mine' }], on_conflict: 'update' }),
    'key OF_ANN',
  ],
  [
    'the same, renamed',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('PUT', '/keys/OF_ANN', { key_name: 'MINE' }),
    'key OF_ANN',
  ],
  [
    'the same, deleted',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('DELETE', '/keys/OF_ANN'),
    'key OF_ANN',
  ],
  [
    'the same, its old version read',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('GET', '/keys/OF_ANN?version=1'),
    'key OF_ANN',
  ],
  [
    'the same, an old version restored',
    [`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`],
    () => eve('POST', '/keys/OF_ANN/restore', { version: 1 }),
    'key OF_ANN',
  ],
  [
    'a key in the trash with another owner, taken out',
    [`UPDATE secrets SET owner_id = ${eveId}, deleted_at = unixepoch() * 1000, deleted_by = '' WHERE name = 'OF_ANN'`],
    async () => eve('POST', `/trash/${(await one("SELECT id FROM secrets WHERE name = 'OF_ANN'")).id}/restore`),
    'key OF_ANN',
  ],
  [
    'a key moved into a project of theirs',
    [`UPDATE secrets SET owner_id = NULL, project_id = ${project('lair')} WHERE name = 'OF_ANN'`],
    read('OF_ANN'),
    'key OF_ANN',
  ],
  [
    'a key under the name of another',
    [
      "UPDATE secrets SET name = 'x' WHERE name = 'OF_EVE'",
      "UPDATE secrets SET name = 'OF_EVE' WHERE name = 'OF_ANN'",
      `UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_EVE'`,
    ],
    read('OF_EVE'),
    'key OF_EVE',
  ],
  [
    'an earlier version served again',
    ["UPDATE secrets SET current_version = 1 WHERE name = 'OF_ANN'"],
    () => admin('GET', '/keys/OF_ANN'),
    'key OF_ANN',
  ],
  [
    'the value of a version swapped for an earlier one',
    [
      `UPDATE secret_versions SET (token, binding) = (SELECT token, binding FROM secret_versions old WHERE old.secret_id = ${secret('OF_ANN')} AND number = 1) WHERE secret_id = ${secret('OF_ANN')} AND number = 2`,
    ],
    () => admin('GET', '/keys/OF_ANN'),
    'key OF_ANN',
  ],
  [
    'a key of theirs that gets the value of a deleted one',
    async () => {
      const { token, binding } = await one(
        `SELECT token, binding FROM secret_versions WHERE secret_id = ${secret('OF_ANN')} AND number = 2`,
      );
      await sql("DELETE FROM secrets WHERE name = 'OF_ANN'");
      await eve('POST', '/keys', { key_name: 'OF_ANN', api_key: 'mine' });
      return [
        `UPDATE secret_versions SET token = '${token}', binding = '${binding}' WHERE secret_id = ${secret('OF_ANN')}`,
      ];
    },
    read('OF_ANN'),
    'key OF_ANN',
  ],
  ['their own role', ["UPDATE users SET role = 'admin' WHERE name = 'eve'"], read('OF_ANN'), 'user eve'],
  [
    'their own role, to make an account',
    ["UPDATE users SET role = 'admin' WHERE name = 'eve'"],
    () => eve('POST', '/users', { username: 'mallory', password: `${password} mallory`, role: 'admin' }),
    'user eve',
  ],
  [
    'their own role, to change an account',
    ["UPDATE users SET role = 'admin' WHERE name = 'eve'"],
    () => eve('PUT', '/users/1', { role: 'user' }),
    'user eve',
  ],
  [
    'their own role, to delete an account',
    ["UPDATE users SET role = 'admin' WHERE name = 'eve'"],
    async () => eve('DELETE', `/users/${(await one("SELECT id FROM users WHERE name = 'ann'")).id}?transfer_to=eve`),
    'user eve',
  ],
  [
    'their own role, to read the list of accounts',
    ["UPDATE users SET role = 'admin' WHERE name = 'eve'"],
    () => eve('GET', '/users'),
    'user eve',
  ],
  [
    "somebody's verifier",
    async () => [`UPDATE users SET verifier = '${await makeVerifier(password, cheap)}' WHERE name = 'ann'`],
    signInAs('ann', password),
    'user ann',
  ],
  [
    'the role of the account of an admin who acts on it',
    ["UPDATE users SET role = 'admin' WHERE name = 'eve'"],
    async () =>
      admin('PUT', `/users/${(await one("SELECT id FROM users WHERE name = 'eve'")).id}`, {
        must_change_password: false,
      }),
    'user eve',
  ],
  [
    'an account of their own making',
    async () => [
      `INSERT INTO users (name, likeness, verifier, role, created_at) VALUES ('mallory', 'mallory', '${await makeVerifier(password, cheap)}', 'admin', 0)`,
    ],
    signInAs('mallory', password),
    'user mallory',
  ],
  [
    'an account that was switched on again',
    async () => {
      const { id } = await one("SELECT id FROM users WHERE name = 'ann'");
      await admin('PUT', `/users/${id}`, { is_active: false });
      return ["UPDATE users SET is_active = 1 WHERE name = 'ann'"];
    },
    signInAs('ann', `${password} ann`),
    'user ann',
  ],
  [
    'an account that the vault has switched off, because nobody ever used it, and that was switched on again',
    async () => {
      const fromAfar = { 'X-Forwarded-For': '192.0.2.7' };
      await vault.anonymous('POST', '/auth/login', { username: 'admin', password: `${password} admin` }, fromAfar);
      expect(await one("SELECT is_active FROM users WHERE name = 'user'")).toEqual({ is_active: 0 });
      return ["UPDATE users SET is_active = 1 WHERE name = 'user'"];
    },
    signInAs('user', 'user123'),
    'user user',
  ],
  [
    'an account that was switched off, and that an admin gives another role',
    ["UPDATE users SET is_active = 0 WHERE name = 'ann'"],
    async () => admin('PUT', `/users/${(await one(`SELECT ${annId} AS id`)).id}`, { role: 'admin' }),
    'user ann',
  ],
  [
    'the name of an account',
    [
      "UPDATE users SET name = 'x', likeness = 'x' WHERE name = 'ann'",
      "UPDATE users SET name = 'ann', likeness = 'ann' WHERE name = 'eve'",
    ],
    signInAs('ann', `${password} eve`),
    'user ann',
  ],
  ['whose session it is', [`UPDATE sessions SET user_id = 1 WHERE user_id = ${eveId}`], read('OF_ANN'), 'session '],
  [
    'whose session it is, to change something',
    [`UPDATE sessions SET user_id = 1 WHERE user_id = ${eveId}`],
    () => eve('POST', '/users', { username: 'mallory', password: `${password} mallory`, role: 'admin' }),
    'session ',
  ],
  [
    'what the child of a session may do',
    [`UPDATE sessions SET access = 'manage' WHERE user_id = ${eveId} AND access = 'read'`],
    () => child('POST', '/keys', { key_name: 'BY_CHILD', api_key: 'x' }),
    'session ',
  ],
  [
    'a member of a project',
    [
      `INSERT INTO members (project_id, user_id, role, added_at, added_by) VALUES (${project('shop')}, 1, 'manager', 0, '')`,
    ],
    () => admin('GET', '/keys/shop%2FKEY'),
    'member 1 of project',
  ],
  [
    'the role of a member',
    [`UPDATE members SET role = 'manager' WHERE project_id = ${project('shop')} AND user_id = ${eveId}`],
    () => eve('POST', '/keys', { key_name: 'shop/NEW', api_key: 'x' }),
    'member ',
  ],
  [
    'the role of a member, to make others members',
    [`UPDATE members SET role = 'manager' WHERE project_id = ${project('shop')} AND user_id = ${eveId}`],
    () => eve('PUT', '/projects/shop/members/admin', { role: 'manager' }),
    'member ',
  ],
  [
    'the member of another project',
    [
      `UPDATE members SET user_id = ${eveId} WHERE project_id = ${project('shop')} AND user_id = ${annId} AND NOT EXISTS (SELECT 1 FROM members WHERE project_id = 0)`.replace(
        'UPDATE members SET',
        'UPDATE OR REPLACE members SET',
      ),
    ],
    read('shop/KEY'),
    'member ',
  ],
  [
    'the name of a project, so that keys of others go there',
    [
      "UPDATE projects SET name = 'x', key_likeness = 'x' WHERE name = 'shop'",
      "UPDATE projects SET name = 'shop', key_likeness = 'shop' WHERE name = 'lair'",
    ],
    () => admin('POST', '/keys', { key_name: 'shop/SECRET', api_key: 'x' }),
    'project shop',
  ],
  [
    'what a token may do',
    ["UPDATE service_tokens SET access = 'manage' WHERE name = 'reader'"],
    () => readingToken('PUT', '/keys/OF_EVE', { api_key: 'x' }),
    'token reader',
  ],
  [
    'what a token reaches',
    [
      `UPDATE service_tokens SET scopes = '["*"]' WHERE name = 'reader'`,
      `UPDATE token_scopes SET low = '', high = '~' WHERE token_id = ${tokenOf('reader')}`,
    ],
    () => readingToken('GET', '/keys/lair%2FKEY'),
    'token reader',
  ],
  [
    'what a token reaches, by its ranges alone',
    [`UPDATE token_scopes SET low = '', high = '~' WHERE token_id = ${tokenOf('reader')}`],
    () => readingToken('GET', '/keys/lair%2FKEY'),
    'token reader',
  ],
  [
    'whose token it is',
    [
      `UPDATE service_tokens SET user_id = ${annId} WHERE name = 'reader'`,
      `UPDATE token_scopes SET low = '', high = '~'`,
    ],
    () => readingToken('GET', '/keys/OF_ANN'),
    'token reader',
  ],
  [
    'of which project a token is',
    [
      `UPDATE service_tokens SET project_id = ${project('shop')} WHERE name = 'team'`,
      `UPDATE token_scopes SET low = '', high = '~'`,
    ],
    () => projectToken('GET', '/keys/shop%2FKEY'),
    'token team',
  ],
  [
    'from where a token may be used',
    ["UPDATE service_tokens SET expires_at = 9e15 WHERE name = 'reader'"],
    () => readingToken('GET', '/keys/OF_EVE'),
    'token reader',
  ],
  [
    'of which token a secret is',
    [`UPDATE token_secrets SET token_id = ${tokenOf('team')} WHERE token_id = ${tokenOf('reader')}`],
    () => readingToken('GET', '/keys/lair%2FKEY'),
    'secret ',
  ],
  [
    'all seals, blanked',
    tables
      .slice(1)
      .filter((table) => table !== 'sessions')
      .map((table) => `UPDATE ${table} SET seal = NULL`),
    read('OF_EVE'),
    'user eve',
  ],
  [
    'the seal of another row',
    [
      `UPDATE secrets SET owner_id = ${eveId}, seal = (SELECT seal FROM secrets WHERE name = 'OF_EVE') WHERE name = 'OF_ANN'`,
    ],
    read('OF_ANN'),
    'key OF_ANN',
  ],
  [
    'the seal of a key that nobody has',
    [`UPDATE secrets SET owner_id = ${eveId}, seal = 'ffffffffffffffff.' || substr(seal, 18) WHERE name = 'OF_ANN'`],
    read('OF_ANN'),
    'key OF_ANN',
  ],
];

const state = async () => {
  const rows = await Promise.all(
    tables.filter((table) => table !== 'sessions').map((table) => sql(`SELECT * FROM ${table}`)),
  );
  return rows.map(({ results }) => results.map(({ last_login_at, failures_forgiven_at, last_used_at, ...row }) => row));
};

describe('a forged database grants nothing:', () => {
  test.each(forgeries)('%s', async (_, statements, ask, row) => {
    for (const text of typeof statements === 'function' ? await statements() : statements) await sql(text);
    const forged = await state();
    const { results: last } = await sql('SELECT max(id) AS id FROM audit_events');
    const answer = await ask();
    expect([answer.status, answer.text]).toEqual([
      expect.toSatisfy((status) => [401, 403, 404].includes(status)),
      expect.any(String),
    ]);
    expect(answer.text).not.toMatch(/(first|second|other|shop|lair|own) value/);
    expect(await state()).toEqual(forged);
    const { results } = await sql(
      `SELECT target FROM audit_events WHERE id > ${last[0]?.id} AND outcome = 'denied' AND reason = 'seal_broken'`,
    );
    expect(results).toEqual([{ target: expect.stringMatching(new RegExp(`^${row}`)) }]);
    later();
    const health = await vault.anonymous('GET', '/health');
    expect([health.status, health.body.status, health.body.reason]).toEqual([200, 'degraded', 'seal_broken']);
    expect(health.text).not.toMatch(/OF_|eve|ann\b|shop|lair|mallory|reader|team/);
  });
});

test('the vault is healthy again once the row is as the vault left it, and admins are told meanwhile', async () => {
  await sql(`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`);
  await eve('GET', '/keys/OF_ANN');
  expect(JSON.parse((await admin('GET', '/auth/session')).text)).toMatchObject({ broken_seals: ['key OF_ANN'] });
  expect((await eve('GET', '/auth/session')).text).not.toContain('broken');
  await sql(`UPDATE secrets SET owner_id = ${annId} WHERE name = 'OF_ANN'`);
  later();
  expect((await vault.anonymous('GET', '/health')).body.status).toBe('healthy');
  expect((await admin('GET', '/auth/session')).text).not.toContain('broken');
});

test('a stranger to a broken row gets the answer of ever', async () => {
  await sql("UPDATE secrets SET current_version = 1 WHERE name = 'OF_ANN'");
  const missing = await eve('GET', '/keys/NOT_THERE');
  const broken = await eve('GET', '/keys/OF_ANN');
  expect([broken.status, broken.text]).toEqual([missing.status, missing.text]);
  expect((await eve('PUT', '/keys/OF_ANN', { api_key: 'x' })).status).toBe(404);
});

test('a session token that does not say what it may do is good for the session of a person, and for no child', async () => {
  const token = async (access: string) => {
    const { id, user_id } = await one(`SELECT id, user_id FROM sessions WHERE user_id = ${eveId} AND access ${access}`);
    // As version 1.0.0 made them.
    return new SignJWT({ sid: id, user_id, username: 'eve', role: 'user' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(testKeys.SECRET_KEY));
  };
  const [own, ofChild] = [await token('IS NULL'), await token("= 'read'")];
  expect((await vault.client(own)('POST', '/keys', { key_name: 'BY_OWN', api_key: 'x' })).status).toBe(201);
  expect((await vault.client(ofChild)('GET', '/keys/OF_EVE')).status).toBe(403);
});

test('a new primary key takes over the seals that hold, and no other', async () => {
  const next = 'SrT0pRHjO1WzUprT5L2Lm0PczbqJBCMOLg6kGEo5NsI=';
  await sql(`UPDATE secrets SET owner_id = ${eveId} WHERE name = 'OF_ANN'`);
  const rotated = await startVault({ ENCRYPTION_KEY: next, RETIRED_ENCRYPTION_KEYS: testKeys.ENCRYPTION_KEY });
  const again = await rotated.signIn('eve', `${password} eve`);
  expect((await again('GET', '/keys/OF_EVE')).body.api_key).toBe('own value');
  expect((await again('GET', '/keys/OF_ANN')).status).toBe(403);
  const { results } = await sql('SELECT DISTINCT substr(seal, 1, 16) AS key FROM users');
  expect(results).toHaveLength(1);
  expect(results[0]?.key).toBe((await one('SELECT key_id FROM instance')).key_id);
});
