/** How often a request asks the database: once, and once more if it changes something by rows that are not known, or not as they were. */
import { beforeAll, expect, test } from 'vitest';
import { type Client, emptyDatabase, forgersDb, startVault } from '../testing/vault.ts';

const password = 'a good password';
let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;

const tripsOf = async (ask: () => Promise<{ status: number }>) => {
  vault.trips.count = 0;
  const { status } = await ask();
  return [status, vault.trips.count];
};

beforeAll(async () => {
  await emptyDatabase();
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  await admin('POST', '/auth/password', { current_password: 'admin123', new_password: password });
  admin = await vault.signIn('admin', password);
});

test('who is known adds, reads, changes and deletes keys in one round trip each', async () => {
  const name = 'own "quoted" ключ \u{1f511}';
  const key = `/keys/${encodeURIComponent(name)}`;
  expect(await tripsOf(() => admin('POST', '/keys', { key_name: name, api_key: 'one' }))).toEqual([201, 1]);
  expect(await tripsOf(() => admin('GET', key))).toEqual([200, 1]);
  expect(await tripsOf(() => admin('PUT', key, { api_key: 'two' }))).toEqual([200, 1]);
  expect(await tripsOf(() => admin('PUT', key, { api_key: 'three' }))).toEqual([200, 1]);
  expect(await tripsOf(() => admin('PUT', key, { description: 'of three' }))).toEqual([200, 1]);
  expect((await admin('GET', key)).body).toMatchObject({ api_key: 'three', description: 'of three' });
  expect(await tripsOf(() => admin('DELETE', key))).toEqual([200, 1]);
  expect(await tripsOf(() => admin('GET', key))).toEqual([404, 1]);
});

test('so it is in a project, and with a service token', async () => {
  await admin('POST', '/projects', { name: 'shop' });
  const made = await admin('POST', '/tokens', { name: 'ci', project: 'shop', access: 'write', scopes: ['shop/*'] });
  const token = vault.client(made.body.token ?? '');
  await admin('POST', '/keys', { key_name: 'shop/FIRST', api_key: 'x' });
  await token('GET', '/keys/shop%2FFIRST');
  for (const client of [admin, token]) {
    const name = `shop/${client === admin ? 'A' : 'T'}`;
    const key = `/keys/${encodeURIComponent(name)}`;
    expect(await tripsOf(() => client('POST', '/keys', { key_name: name, api_key: 'one' }))).toEqual([201, 1]);
    await client('GET', key);
    expect(await tripsOf(() => client('PUT', key, { api_key: 'two' }))).toEqual([200, 1]);
    expect((await client('GET', key)).body.api_key).toBe('two');
  }
});

test('who is known makes service tokens in one round trip each, of their own and of a project', async () => {
  const token = { name: 'ci "a" ключ', access: 'read', scopes: ['b/*', 'a', 'ключ'], expires_days: 7 };
  expect(await tripsOf(() => admin('POST', '/tokens', token))).toEqual([201, 1]);
  await admin('POST', '/projects', { name: 'Bakery' });
  await admin('GET', '/projects/Bakery');
  const made = async (project: string) => {
    const answer = await admin('POST', '/tokens', { ...token, scopes: ['*'], project });
    return answer.body.token ?? '';
  };
  const first = await made('Bakery');
  expect(await tripsOf(() => admin('POST', '/tokens', { ...token, scopes: ['*'], project: 'Bakery' }))).toEqual([
    201, 1,
  ]);
  await admin('POST', '/keys', { key_name: 'Bakery/KEY', api_key: 'x' });
  for (const secret of [first, await made('Bakery')])
    expect((await vault.client(secret)('GET', '/keys/Bakery%2FKEY')).status).toBe(200);
});

test('an admin makes an account in one round trip, after the one that is before the hash', async () => {
  await admin('GET', '/users');
  const account = { username: 'ada', password: 'the password of ada', role: 'user' };
  expect(await tripsOf(() => admin('POST', '/users', account))).toEqual([201, 2]);
  const ada = await vault.signIn('ada', account.password);
  expect((await ada('GET', '/keys')).status).toBe(200);
});

test('a sign-in takes one for the facts and one that decides', async () => {
  expect(await tripsOf(() => vault.anonymous('POST', '/auth/login', { username: 'admin', password }))).toEqual([
    200, 2,
  ]);
});

test('what another isolate has changed takes one round trip more, and comes out right', async () => {
  await admin('POST', '/keys', { key_name: 'SHARED', api_key: 'one' });
  await admin('GET', '/keys/SHARED');
  const other = await startVault();
  await other.client(admin.token)('PUT', '/keys/SHARED', { api_key: 'two' });
  expect(await tripsOf(() => admin('PUT', '/keys/SHARED', { api_key: 'three' }))).toEqual([200, 2]);
  expect(await tripsOf(() => admin('PUT', '/keys/SHARED', { api_key: 'four' }))).toEqual([200, 1]);
  expect((await other.client(admin.token)('GET', '/keys/SHARED')).body.api_key).toBe('four');
  const { results } = await forgersDb()
    .prepare("SELECT outcome FROM audit_events WHERE target = 'SHARED' AND action = 'secret.update'")
    .all();
  expect(results).toEqual([{ outcome: 'allowed' }, { outcome: 'allowed' }, { outcome: 'allowed' }]);
});

test.each([
  ['the owner of a key', "UPDATE secrets SET owner_id = 2 WHERE name = 'FORGED'"],
  ['the version of a key', "UPDATE secrets SET current_version = 1 WHERE name = 'FORGED'"],
  ['the role of the caller', "UPDATE users SET role = 'user' WHERE name = 'admin'"],
  ['the seal of a key', "UPDATE secrets SET seal = NULL WHERE name = 'FORGED'"],
])('what is known does not hide that somebody has changed %s', async (_, statement) => {
  await admin('POST', '/keys', { key_name: 'FORGED', api_key: 'one' });
  await admin('GET', '/keys/FORGED');
  await admin('PUT', '/keys/FORGED', { api_key: 'two' });
  const before = await forgersDb()
    .prepare("SELECT * FROM users, secrets WHERE secrets.name = 'FORGED' AND users.name = 'admin'")
    .all();
  await forgersDb().exec(statement);
  expect((await admin('PUT', '/keys/FORGED', { api_key: 'three' })).status).toBe(403);
  const { results } = await forgersDb()
    .prepare(
      "SELECT max(number) AS newest FROM secret_versions JOIN secrets ON secrets.id = secret_id WHERE name = 'FORGED'",
    )
    .all();
  expect(results).toEqual([{ newest: 2 }]);
  expect(before.results).toHaveLength(1);
  await forgersDb().exec(
    "UPDATE users SET role = 'admin' WHERE name = 'admin'; DELETE FROM secrets WHERE name = 'FORGED'",
  );
});

test('many that change one key at once take turns, and do not make each other look again and again', async () => {
  await admin('POST', '/keys', { key_name: 'CONTESTED', api_key: 'one' });
  vault.trips.count = 0;
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => admin('PUT', '/keys/CONTESTED', { api_key: `value ${n}` })),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(vault.trips.count).toBeLessThan(60 * 5);
});
