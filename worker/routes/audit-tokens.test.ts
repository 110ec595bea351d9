/** Service tokens with the access `audit`: who makes them, what they read, and what ends with whom. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault, testDb } from '../testing/vault.ts';
import { vaultClient } from '../testing/vault-client.ts';

let vault: Awaited<ReturnType<typeof startVault>>;
let admin: Client;
let user: Client;

beforeAll(async () => {
  vault = await startVault();
  admin = await vault.signIn('admin', 'admin123');
  user = await vault.signIn('user', 'user123');
  await testDb().exec('UPDATE users SET must_change_password = 0');
  await admin('POST', '/projects', { name: 'shop' });
  await user('POST', '/keys', { key_name: 'mine', api_key: 'my value' });
  await user('GET', '/keys/mine');
});

const fields = { name: 'auditor', access: 'audit' };
const make = async (client: Client) => {
  const { status, body, text } = await client('POST', '/tokens', fields);
  if (status !== 201) throw new Error(text);
  return { id: body.id, token: body.token ?? '', use: vault.client(body.token ?? ''), body };
};

describe('is made', () => {
  test('by an admin, for themselves, and has no scopes', async () => {
    const { id, body } = await make(admin);
    expect(body).toMatchObject({ owner: 'admin', project: null, access: 'audit', scopes: [] });
    const scopes = testDb().prepare('SELECT count(*) AS count FROM token_scopes WHERE token_id = ?').bind(id);
    expect(await scopes.first('count')).toBe(0);
    const event = testDb().prepare(
      "SELECT reason FROM audit_events WHERE action = 'token.create' ORDER BY id DESC LIMIT 1",
    );
    expect(await event.first('reason')).toBe('audit: the log');
  });

  test('by nobody else', async () => {
    expect((await user('POST', '/tokens', fields)).status).toBe(403);
    expect((await user('POST', '/tokens', { ...fields, project: 'shop' })).status).toBe(403);
  });

  test('not of a project', async () => {
    const { status, body } = await admin('POST', '/tokens', { ...fields, project: 'shop' });
    expect([status, body.error]).toEqual([400, expect.stringMatching(/Leave out project/)]);
  });
});

describe('reads', () => {
  test('the log of all, its counts and uses, in pages too', async () => {
    const { use } = await make(admin);
    const { logs } = (await use('GET', '/logs?limit=500')).body;
    expect(new Set(logs?.map(({ user_name }) => user_name))).toEqual(new Set(['admin', 'user']));
    expect((await use('GET', '/logs?user=user&limit=500')).body.logs?.length).toBeGreaterThan(1);
    const page = JSON.parse((await use('GET', '/logs?limit=2')).text);
    expect(page).toMatchObject({ logs: [{}, {}], next: page.logs[1].id });
    const counted = async (client: Client) => {
      const { activity } = (await client('GET', '/logs/activity?per=day')).body;
      return activity?.reduce((sum, { allowed }) => sum + allowed, 0) ?? 0;
    };
    expect((await counted(use)) - (await counted(admin))).toBeLessThan(2);
    expect((await use('GET', '/logs/uses')).body.uses).toMatchObject([{ key_name: 'mine' }]);
  });

  test('without a limit as many as there are, and says where the next page begins', async () => {
    const { use } = await make(admin);
    for (let more = 0; more < 60; more++) await admin('GET', '/keys');
    const page = JSON.parse((await use('GET', '/logs')).text);
    expect(page.logs).toHaveLength(50);
    expect(page.next).toBe(page.logs[49].id);
  });

  test('and ends itself', async () => {
    const { token, use, id } = await make(admin);
    expect((await use('GET', '/tokens/self')).body).toMatchObject({ id, access: 'audit' });
    expect((await vaultClient(vault, token)('POST', 'auth/token/revoke-self')).status).toBe(204);
    expect((await use('GET', '/logs')).status).toBe(401);
  });

  test('no keys, also by the API of Vault, with an admin behind it', async () => {
    const { token, use } = await make(admin);
    const old = vaultClient(vault, token);
    for (const path of ['/keys', '/keys/mine', '/key?key_name=mine', '/trash', '/projects', '/users', '/tokens']) {
      const answer = await use('GET', path);
      expect([path, answer.status]).toEqual([path, path.includes('mine') ? 404 : 403]);
      expect(answer.text).not.toContain('my value');
    }
    expect((await use('POST', '/keys/values', { names: ['mine'] })).text).not.toContain('my value');
    for (const path of ['secret/data/mine', 'secret/metadata/mine']) expect((await old('GET', path)).status).toBe(403);
    expect((await old('POST', 'secret/data/new', { data: { value: 'x' } })).status).toBe(403);
  });
});

describe('its children', () => {
  const child = async (token: string, body: object = {}) =>
    vaultClient(vault, token)('POST', 'auth/token/create', body);

  test('read the log and nothing else, too, and so do theirs', async () => {
    const { token } = await make(admin);
    let parent = token;
    for (let generation = 0; generation < 2; generation++) {
      const { body, status } = await child(parent, { policies: ['audit'] });
      expect(status).toBe(200);
      expect(body.auth?.policies).toContain('audit');
      parent = String(body.auth?.client_token);
      const use = vault.client(parent);
      const { logs } = (await use('GET', '/logs?limit=500')).body;
      expect(new Set(logs?.map(({ user_name }) => user_name))).toEqual(new Set(['admin', 'user']));
      expect((await use('GET', '/logs/checkpoint')).status).toBe(200);
      expect((await use('GET', '/keys/mine')).status).toBe(404);
      const { body: own } = await vaultClient(vault, parent)('GET', 'auth/token/lookup-self');
      expect(own.data?.policies).toContain('audit');
    }
  });

  test('cannot become tokens for keys, nor the other way round', async () => {
    const { token } = await make(admin);
    expect((await child(token, { policies: ['read'] })).status).toBe(400);
    const keys = (await admin('POST', '/tokens', { name: 'keys', access: 'manage', scopes: ['*'] })).body.token ?? '';
    expect((await child(keys, { policies: ['audit'] })).status).toBe(400);
    expect((await child(user.token, { policies: ['audit'] })).status).toBe(400);
    expect((await child(admin.token, { policies: ['audit'] })).status).toBe(400);
  });
});

test('reads only what it did itself once its person is no admin any more, and proves nothing', async () => {
  await admin('POST', '/users', { username: 'second', password: 'a good password', role: 'admin' });
  const second = await vault.signIn('second', 'a good password');
  const { use } = await make(second);
  expect((await use('GET', '/logs/checkpoint')).status).toBe(200);
  await testDb().exec("UPDATE users SET role = 'user' WHERE name = 'second'");
  expect((await use('GET', '/logs/checkpoint')).status).toBe(403);
  expect((await use('GET', '/logs/proof/1')).status).toBe(403);
  const { logs } = (await use('GET', '/logs?limit=500')).body;
  expect(new Set(logs?.map(({ user_name }) => user_name))).toEqual(new Set(['second']));
});
