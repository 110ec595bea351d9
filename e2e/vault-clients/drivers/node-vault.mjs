/** npm node-vault. */
import { load } from './packages.mjs';
import { config, equal, refused, verb } from './verbs.mjs';

const { default: vault } = await load('node-vault');
const { address, base, outside, roleId, secretId, readerRoleId, readerSecretId, username, password } = config;
function open(/** @type {string | undefined} */ token = undefined) {
  return vault({ endpoint: address, apiVersion: 'v1', ...(token && { token }) });
}
const client = open();
const path = `${base}/NODE_VAULT`;
const data = `secret/data/${path}`;
const metadata = `secret/metadata/${path}`;
const folder = `secret/data/${base}/node-vault-folder`;

async function status(/** @type {() => Promise<unknown>} */ run) {
  return (await refused(run)).response?.statusCode;
}

await verb('login', async () => {
  await client.approleLogin({ role_id: roleId, secret_id: secretId });
  equal(typeof client.token, 'string');
});
await verb('login as a user', async () => {
  const other = open();
  const { auth } = await other.userpassLogin({ username, password });
  equal(other.token, auth.client_token);
  equal(await status(() => open().approleLogin({ role_id: roleId, secret_id: 'wrong' })), 400);
});
await verb('write', async () => {
  equal((await client.write(data, { data: { value: 'one' } })).data.version, 1);
  equal((await client.write(data, { data: { value: 'two' } })).data.version, 2);
});
await verb('read', async () => {
  const { data: found } = await client.read(data);
  equal(found.data, { value: 'two' });
  equal(found.metadata.version, 2);
  equal(await status(() => client.read(`secret/data/${base}/NONE`)), 404);
});
await verb('read a version', async () => {
  equal((await client.read(`${data}?version=1`)).data.data, { value: 'one' });
});
await verb('write a folder', async () => {
  await client.write(folder, { data: { STRIPE: 's', OPENAI: 'o' } });
  equal((await client.read(folder)).data.data, { STRIPE: 's', OPENAI: 'o' });
});
await verb('cas conflict', async () => {
  for (const cas of [0, 1])
    equal(await status(() => client.write(data, { data: { value: 'x' }, options: { cas } })), 400);
  equal((await client.write(data, { data: { value: 'three' }, options: { cas: 2 } })).data.version, 3);
});
await verb('patch', async () => {
  await client.update(data, { data: { value: 'four' } });
  equal((await client.read(data)).data.data, { value: 'four' });
  await client.update(folder, { data: { OPENAI: 'p' } });
  equal((await client.read(folder)).data.data, { STRIPE: 's', OPENAI: 'p' });
});
await verb('metadata', async () => {
  await client.write(metadata, { custom_metadata: { team: 'shop' } });
  const { data: found } = await client.read(metadata);
  equal([found.custom_metadata.team, found.current_version], ['shop', 4]);
});
await verb('list', async () => {
  equal((await client.list(`secret/metadata/${base}`)).data.keys.includes('NODE_VAULT'), true);
  equal(await status(() => client.list(`secret/metadata/${base}/none`)), 404);
});
await verb('delete', async () => {
  await client.delete(data);
  equal(await status(() => client.read(data)), 404);
});
await verb('undelete', async () => {
  await client.write(`secret/undelete/${path}`, { versions: [4] });
  equal((await client.read(data)).data.data, { value: 'four' });
});
await verb('destroy', async () => {
  await client.write(`secret/destroy/${path}`, { versions: [1] });
  equal(await status(() => client.read(`${data}?version=1`)), 404);
  equal((await client.read(data)).data.data, { value: 'four' });
});
await verb('delete all', async () => {
  await client.delete(metadata);
  equal(await status(() => client.read(metadata)), 404);
});
await verb('lookup', async () => {
  const { data: found } = await client.tokenLookupSelf();
  equal(found.ttl > 0 && found.ttl <= 86_400, true);
});
await verb('renew', async () => {
  const { auth } = await client.tokenRenewSelf();
  equal(auth.client_token, client.token);
  equal(auth.lease_duration > 0, true);
});
await verb('create a token', async () => {
  const { auth } = await client.tokenCreate({ ttl: '60s' });
  equal(auth.lease_duration, 60);
  equal((await open(auth.client_token).read(folder)).data.data, { STRIPE: 's', OPENAI: 'p' });
});
await verb('revoke', async () => {
  const ended = open();
  await ended.approleLogin({ role_id: roleId, secret_id: secretId });
  await ended.tokenRevokeSelf();
  equal(await status(() => ended.tokenLookupSelf()), 403);
  await client.tokenLookupSelf();
});
await verb('refused read', async () => {
  for (const each of [outside, `${outside}-none`]) equal(await status(() => client.read(`secret/data/${each}`)), 403);
  const reader = open();
  await reader.approleLogin({ role_id: readerRoleId, secret_id: readerSecretId });
  await reader.read(folder);
  equal(await status(() => reader.write(data, { data: { value: 'x' } })), 403);
  equal(await status(() => open('ks_none').read(data)), 403);
});
await verb('health', async () => {
  const { initialized, sealed } = await client.health();
  equal([initialized, sealed], [true, false]);
});
