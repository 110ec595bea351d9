/**
 * What a team does with its keys, on a vault of 1.0.0 that is upgraded in place, on either runtime: projects, versions, the trash,
 * many keys at once, and two people who change one key.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeVerifier } from '../core/crypto/password.ts';
import { makeHome } from '../testing/disk-vaults.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const password = 'correct horse battery';
const folder = mkdtempSync(join(tmpdir(), 'keystore-e2e-'));

interface Body {
  api_key: string;
  error: string;
  values: Record<string, string>;
  keys: { id: number; key_name: string }[];
  versions: { version: number; destroyed: boolean }[];
  entries: { key_name: string; state: string }[];
  applied: boolean;
  key_count: number;
}

let vault: RunningVault;
let admin: string;
let editor: string;

function at(name: string): string {
  return `/keys/${encodeURIComponent(name)}`;
}

function as(token: string) {
  return (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask<Partial<Body>>(vault.url, method, path, { token, body, headers });
}

beforeAll(async () => {
  const values = { 'shop/prod/STRIPE': 'of 1.0.0', 'shop/dev/STRIPE': 'of 1.0.0, too', ' padded ': 'personal' };
  const home = await makeHome(folder, values, '0001_vault.sql');
  const database = new DatabaseSync(home.files.file);
  const verifier = await makeVerifier(password, { N: 2 ** 10, r: 1, p: 1 });
  database.prepare('UPDATE users SET verifier = ?').run(verifier);
  database.close();
  vault = await startVault({ folder });
  admin = await signIn(vault.url, 'admin', password);
  await as(admin)('POST', '/users', { username: 'editor', password });
  editor = await signIn(vault.url, 'editor', password);
});

afterAll(() => vault?.dispose());

test('the vault of 1.0.0 keeps a copy of its database, and its keys have a version and a revision', async () => {
  const copy = readdirSync(vault.data).find((name) => name.startsWith('before-upgrade-'));
  const database = new DatabaseSync(join(vault.data, copy ?? ''), { readOnly: true });
  expect(database.prepare('SELECT count(*) AS n FROM secrets').get()).toEqual({ n: 3 });
  expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'projects'").all()).toEqual([]);
  database.close();
  const { body } = await as(admin)('GET', at(' padded '));
  expect(body).toMatchObject({ key_name: ' padded ', api_key: 'personal', version: 1, revision: 1, labels: {} });
});

test('its keys move into a project, which a member reads as a whole', async () => {
  expect((await as(admin)('POST', '/projects', { name: 'shop' })).body.key_count).toBe(2);
  expect((await as(editor)('POST', '/keys/values', { prefix: 'shop/' })).body.values).toEqual({});
  await as(admin)('PUT', '/projects/shop/members/editor', { role: 'editor' });
  const { body } = await as(editor)('POST', '/keys/values', { prefix: 'shop/' });
  expect(body.values).toEqual({ 'shop/dev/STRIPE': 'of 1.0.0, too', 'shop/prod/STRIPE': 'of 1.0.0' });
});

test('of two people who change one key at once, the second is told, whatever they change', async () => {
  const key = at('shop/prod/STRIPE');
  const seen = (await as(editor)('GET', key)).headers.get('ETag') ?? '';
  const first = await as(admin)('PUT', key, { api_key: 'by the admin' }, { 'If-Match': seen });
  expect([first.status, first.headers.get('ETag')]).toEqual([200, expect.not.stringContaining(seen)]);
  for (const [method, path, body] of [
    ['PUT', key, { api_key: 'lost' }],
    ['PUT', key, { key_name: 'shop/prod/lost' }],
    ['POST', `${key}/restore`, { version: 1 }],
    ['DELETE', key, undefined],
  ] as const) {
    const answer = await as(editor)(method, path, body, { 'If-Match': seen });
    expect([answer.status, answer.body.error]).toEqual([412, expect.stringMatching(/Read the key again/)]);
  }
  expect((await as(editor)('GET', key)).body).toMatchObject({ api_key: 'by the admin', version: 2 });
  const now = (await as(editor)('HEAD', key)).headers.get('ETag') ?? '';
  expect((await as(editor)('PUT', key, { description: 'd' }, { 'If-Match': now })).status).toBe(200);
});

test('an import is applied whole or not at all', async () => {
  const entries = Array.from({ length: 1_000 }, (_, i) => ({ key_name: `K${i}`, api_key: `value ${i}` }));
  const send = (given: unknown[], on_conflict = 'fail') =>
    as(editor)('POST', '/keys/import', { prefix: 'shop/many/', entries: given, on_conflict });
  const invalid = await send([...entries.slice(1), { key_name: '..', api_key: 'x' }]);
  expect([invalid.status, invalid.body.applied]).toEqual([400, false]);
  const count = async () => (await as(admin)('GET', '/keys?prefix=shop/many/')).body.keys?.length;
  expect(await count()).toBe(0);
  expect((await send(entries)).body.applied).toBe(true);
  expect(await count()).toBe(1_000);
  const changed = entries.map((entry, i) => (i === 7 ? { ...entry, api_key: 'another' } : entry));
  const conflict = await send(changed);
  expect([conflict.status, conflict.body.entries?.[7]?.state, conflict.body.entries?.[8]?.state]).toEqual([
    409,
    'conflict',
    'same',
  ]);
  expect((await send(changed, 'update')).body.entries?.[7]?.state).toBe('changed');
  const names = ['K7', 'K8'].map((name) => `shop/many/${name}`);
  expect((await as(editor)('POST', '/keys/values', { names })).body.values).toEqual({
    'shop/many/K7': 'another',
    'shop/many/K8': 'value 8',
  });
  const tooMany = await as(editor)('POST', '/keys/values', { prefix: 'shop/many/' });
  expect([tooMany.status, tooMany.body.error]).toEqual([400, expect.stringMatching(/^1000 keys/)]);
});

test('what is in the trash comes back with all versions under another name, also after a restart', async () => {
  const key = at('shop/dev/STRIPE');
  await as(editor)('PUT', key, { api_key: 'second' });
  const id = (await as(editor)('DELETE', key)).headers.get('Trash-Id');
  await vault.stop();
  vault = await startVault({ folder });
  expect((await as(editor)('GET', '/trash')).body.keys?.map((each) => [String(each.id), each.key_name])).toEqual([
    [id, 'shop/dev/STRIPE'],
  ]);
  const body = { key_name: 'shop/dev/again' };
  expect((await as(editor)('POST', `/trash/${id}/restore`, body)).status).toBe(200);
  const { versions = [] } = (await as(editor)('GET', `${at(body.key_name)}/versions`)).body;
  for (const { version, destroyed } of versions) {
    expect([version, destroyed]).toEqual([version, false]);
    const { api_key } = (await as(editor)('GET', `${at(body.key_name)}?version=${version}`)).body;
    expect(api_key).toBe(version === 2 ? 'second' : 'of 1.0.0, too');
  }
  expect(versions).toHaveLength(2);
});

test('50 renames, deletions and restores of one key at once leave one key that opens', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `shop/race/${i}`);
  await as(editor)('POST', '/keys', { key_name: 'shop/race/0', api_key: 'raced' });
  const answers = await Promise.all(
    names.map(async (key_name, index) => {
      if (index % 3 !== 0) return (await as(editor)('PUT', at('shop/race/0'), { key_name })).status;
      const deleted = await as(editor)('DELETE', at('shop/race/0'));
      const id = deleted.headers.get('Trash-Id');
      return id === null ? deleted.status : (await as(editor)('POST', `/trash/${id}/restore`, { key_name })).status;
    }),
  );
  expect(answers.filter((status) => ![200, 404, 409].includes(status))).toEqual([]);
  const { keys = [] } = (await as(admin)('GET', '/keys?prefix=shop/race/')).body;
  expect(keys).toHaveLength(1);
  expect((await as(editor)('GET', at(keys[0]?.key_name ?? ''))).body.api_key).toBe('raced');
});

test('what is destroyed is gone from the database file, not only from its tables', async () => {
  const name = 'shop/prod/destroyed';
  const values = ['short', 'y'.repeat(20_000), 'z'.repeat(3_000)];
  await as(editor)('POST', '/keys', { key_name: name, api_key: values[0] });
  for (const api_key of values.slice(1)) await as(editor)('PUT', at(name), { api_key });
  const database = new DatabaseSync(vault.files.file, { readOnly: true });
  const tokens = database
    .prepare('SELECT token FROM secret_versions JOIN secrets ON id = secret_id WHERE name = ? ORDER BY number')
    .all(name)
    .map(({ token }) => String(token));
  database.close();
  expect(tokens).toHaveLength(3);
  expect((await as(admin)('DELETE', `${at(name)}/versions/2`)).status).toBe(200);
  const id = (await as(admin)('DELETE', at(name))).headers.get('Trash-Id');
  expect((await as(admin)('DELETE', `/trash/${id}`)).status).toBe(200);
  await vault.stop();
  // The standalone vault leaves its write-ahead log, which the writes of the next start go on filling and then write anew.
  const stopped = new DatabaseSync(vault.files.file);
  stopped.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  stopped.close();
  const files = readdirSync(vault.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))));
  // A long value lies in several pages: parts of it may not be left either.
  const parts = tokens.flatMap((token) => [token.slice(12, 72), token.slice(-80, -20)]);
  expect(parts.filter((part) => bytes.includes(part))).toEqual([]);
});
