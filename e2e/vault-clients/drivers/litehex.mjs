/** npm @litehex/node-vault. It checks every answer against a schema of its own, and sends JSON as text/plain. */
import { load } from './packages.mjs';
import { config, equal, refused, verb } from './verbs.mjs';

const { Client } = await load('@litehex/node-vault');
const { address, base, outside, roleId, secretId, readerRoleId, readerSecretId, username, password } = config;
function open(/** @type {string | undefined} */ token = undefined) {
  return new Client({ endpoint: address, ...(token && { token }) });
}
const client = open();
const at = { mountPath: 'secret', path: `${base}/LITEHEX` };
const folder = { mountPath: 'secret', path: `${base}/litehex-folder` };

/**
 * The data of an answer. It returns errors in place of throwing them.
 *
 * @param {Promise<any>} answer
 */
async function good(answer) {
  const { data, error } = await answer;
  if (error) throw error;
  return data;
}

async function signIn(/** @type {any} */ into, /** @type {string} */ path, /** @type {object} */ data) {
  const { auth } = await good(into.write({ path, data }));
  into.token = auth.client_token;
}

function approle(/** @type {any} */ into, /** @type {string} */ role_id, /** @type {string} */ secret_id) {
  return signIn(into, 'auth/approle/login', { role_id, secret_id });
}

await verb('login', () => approle(client, roleId, secretId));
await verb('login as a user', async () => {
  const other = open();
  await signIn(other, `auth/userpass/login/${username}`, { password });
  await good(other.read({ path: 'auth/token/lookup-self' }));
  await refused(() => approle(open(), roleId, 'wrong'));
});
await verb('write', async () => {
  equal((await good(client.kv2.write({ ...at, data: { value: 'one' } }))).data.version, 1);
  equal((await good(client.kv2.write({ ...at, data: { value: 'two' } }))).data.version, 2);
});
await verb('read', async () => {
  const { data: found } = await good(client.kv2.read(at));
  equal([found.data, found.metadata.version], [{ value: 'two' }, 2]);
  await refused(() => good(client.kv2.read({ ...at, path: `${base}/NONE` })));
});
await verb('read a version', async () => {
  // With a version it writes `/` in a path as `&#x2F;`, which ends the URL's path: so it can only be asked of a name without one.
  const person = open();
  await signIn(person, `auth/userpass/login/${username}`, { password });
  const single = { ...at, path: `LITEHEX-${base.replaceAll('/', '-')}` };
  for (const value of ['one', 'two']) await good(person.kv2.write({ ...single, data: { value } }));
  equal((await good(person.kv2.read({ ...single, version: 1 }))).data.data, { value: 'one' });
  equal((await good(person.kv2.read(single))).data.data, { value: 'two' });
});
await verb('write a folder', async () => {
  await good(client.kv2.write({ ...folder, data: { STRIPE: 's', OPENAI: 'o' } }));
  equal((await good(client.kv2.read(folder))).data.data, { STRIPE: 's', OPENAI: 'o' });
});
await verb('cas conflict', async () => {
  for (const cas of [0, 1])
    await refused(() => good(client.kv2.write({ ...at, data: { value: 'x' }, options: { cas } })));
  equal((await good(client.kv2.write({ ...at, data: { value: 'three' }, options: { cas: 2 } }))).data.version, 3);
});
await verb('patch', async () => {
  await good(client.kv2.patch({ ...at, data: { value: 'four' } }));
  equal((await good(client.kv2.read(at))).data.data, { value: 'four' });
  await good(client.kv2.patch({ ...folder, data: { OPENAI: 'p' } }));
  equal((await good(client.kv2.read(folder))).data.data, { STRIPE: 's', OPENAI: 'p' });
});
await verb('metadata', async () => {
  await good(client.kv2.writeMetadata({ ...at, custom_metadata: { team: 'shop' } }));
  const { data: found } = await good(client.kv2.readMetadata(at));
  equal([found.custom_metadata.team, found.current_version], ['shop', 4]);
});
await verb('list', async () => {
  equal((await good(client.kv2.list({ ...at, path: base }))).data.keys.includes('LITEHEX'), true);
});
await verb('subkeys', async () => {
  equal((await good(client.kv2.subKeys(folder))).data.subkeys, { STRIPE: null, OPENAI: null });
});
await verb('delete', async () => {
  await good(client.kv2.deleteLatest(at));
  await refused(() => good(client.kv2.read(at)));
});
await verb('undelete', async () => {
  await good(client.kv2.undelete({ ...at, versions: [4] }));
  equal((await good(client.kv2.read(at))).data.data, { value: 'four' });
});
await verb('destroy', async () => {
  await good(client.kv2.destroy({ ...at, versions: [1] }));
  equal((await good(client.kv2.readMetadata(at))).data.versions['1'].destroyed, true);
});
await verb('delete all', async () => {
  await good(client.kv2.deleteMetadata(at));
  await refused(() => good(client.kv2.readMetadata(at)));
});
await verb('lookup', async () => {
  const { data: found } = await good(client.read({ path: 'auth/token/lookup-self' }));
  equal(found.ttl > 0 && found.ttl <= 86_400, true);
});
await verb('renew', async () => {
  const { auth } = await good(client.write({ path: 'auth/token/renew-self', data: {} }));
  equal(auth.client_token, client.token);
});
await verb('create a token', async () => {
  const { auth } = await good(client.write({ path: 'auth/token/create', data: { ttl: '60s' } }));
  equal(auth.lease_duration, 60);
});
await verb('revoke', async () => {
  const ended = open();
  await approle(ended, roleId, secretId);
  await good(ended.write({ path: 'auth/token/revoke-self', data: {} }));
  await refused(() => good(ended.read({ path: 'auth/token/lookup-self' })));
});
await verb('refused read', async () => {
  for (const path of [outside, `${outside}-none`]) await refused(() => good(client.kv2.read({ ...at, path })));
  const reader = open();
  await approle(reader, readerRoleId, readerSecretId);
  await good(reader.kv2.read(folder));
  await refused(() => good(reader.kv2.write({ ...at, data: { value: 'x' } })));
});
await verb('health', async () => {
  const health = await good(client.health());
  equal([health.initialized, health.sealed], [true, false]);
  equal((await good(client.sealStatus())).sealed, false);
});
