/**
 * GitHub's hashicorp/vault-action, which cannot run outside of a workflow: the requests that it makes, with the headers that it sends, and
 * how it finds a value in an answer.
 */
import { config, equal, notOffered, refused, verb } from './verbs.mjs';

const { address, base, outside, roleId, secretId, readerRoleId, readerSecretId, username, password } = config;

/** An input that is not given is an empty text, so the header is always sent. */
const namespace = { 'X-Vault-Namespace': '' };
const agent = { 'user-agent': 'got (https://github.com/sindresorhus/got)', 'accept-encoding': 'gzip, deflate, br' };

/**
 * @param {string} method
 * @param {string} path
 * @param {{ token?: string, json?: object }} [options]
 */
async function request(method, path, { token, json } = {}) {
  const response = await fetch(`${address}/${path}`, {
    method,
    headers: {
      ...agent,
      ...namespace,
      ...(json && { accept: 'application/json', 'content-type': 'application/json' }),
      ...(token && { 'X-Vault-Token': token }),
    },
    ...(json && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  if (!response.ok) throw Object.assign(new Error(`${response.status}: ${text}`), { status: response.status });
  return text === '' ? undefined : JSON.parse(text);
}

async function login(/** @type {string} */ path, /** @type {object} */ payload) {
  return (await request('POST', `v1/auth/${path}`, { json: payload })).auth.client_token;
}

/** `secrets: path field` of a workflow. */
async function read(/** @type {string} */ token, /** @type {string} */ path, /** @type {string} */ field) {
  return (await request('GET', `v1/${path}`, { token })).data.data[field];
}

/** @type {string} */
let token;
/** Writes what the action then reads: it has no way to write. */
async function prepare() {
  const writer = await login('approle/login', { role_id: roleId, secret_id: secretId });
  for (const value of ['one', 'two']) {
    await request('POST', `v1/secret/data/${base}/ACTION`, { token: writer, json: { data: { value } } });
  }
  await request('POST', `v1/secret/data/${base}/action`, {
    token: writer,
    json: { data: { STRIPE: 's', OPENAI: 'o' } },
  });
}

await verb('login', async () => {
  await prepare();
  token = await login('approle/login', { role_id: readerRoleId, secret_id: readerSecretId });
});
await verb('login as a user', async () => {
  equal(typeof (await login(`userpass/login/${username}`, { password })), 'string');
  equal((await refused(() => login('approle/login', { role_id: roleId, secret_id: 'wrong' }))).status, 400);
});
await verb('read', async () => {
  equal(await read(token, `secret/data/${base}/ACTION`, 'value'), 'two');
  equal(await read(token, `secret/data/${base}/action`, 'STRIPE'), 's');
  equal((await refused(() => read(token, `secret/data/${base}/NONE`, 'value'))).status, 404);
});
await verb('read a version', async () => {
  equal(await read(token, `secret/data/${base}/ACTION?version=1`, 'value'), 'one');
});
await verb('refused read', async () => {
  for (const each of [outside, `${outside}-none`])
    equal((await refused(() => read(token, `secret/data/${each}`, 'value'))).status, 403);
});
await verb('revoke', async () => {
  await request('POST', 'v1/auth/token/revoke-self', { token });
  equal((await refused(() => read(token, `secret/data/${base}/ACTION`, 'value'))).status, 403);
});
notOffered('write', 'write a folder', 'cas conflict', 'patch', 'metadata', 'list', 'delete', 'undelete', 'destroy');
notOffered('delete all', 'lookup', 'renew', 'create a token', 'health');
