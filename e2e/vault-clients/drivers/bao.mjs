/** The `bao` command of OpenBao, which is used like `vault`. BAO names the program. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { config, equal, refused, verb } from './verbs.mjs';

const { address, base, outside, roleId, secretId, readerRoleId, readerSecretId, username, password } = config;
const path = `${base}/BAO`;
const folder = `${base}/bao-folder`;
const home = mkdtempSync(join(tmpdir(), 'keystore-bao-'));

/**
 * @param {string | undefined} token
 * @param {string[]} args
 */
function bao(token, ...args) {
  const env = {
    HOME: home,
    PATH: process.env.PATH,
    BAO_ADDR: address,
    BAO_MAX_RETRIES: '0',
    ...(token && { BAO_TOKEN: token }),
  };
  const { status, stdout, stderr } = spawnSync(process.env.BAO ?? 'bao', args, { env, encoding: 'utf8' });
  if (status !== 0) throw Object.assign(new Error(`bao ${args.join(' ')} (${status}): ${stderr}`), { status, stderr });
  return stdout;
}

/**
 * What a command of two words prints, as JSON.
 *
 * @param {string | undefined} token
 * @param {string} command
 * @param {string} word
 * @param {string[]} args
 */
function json(token, command, word, ...args) {
  return JSON.parse(bao(token, command, word, '-format=json', ...args));
}

function login(/** @type {string} */ role_id, /** @type {string} */ secret_id) {
  return bao(
    undefined,
    'write',
    '-field=token',
    'auth/approle/login',
    `role_id=${role_id}`,
    `secret_id=${secret_id}`,
  ).trim();
}

/**
 * @param {string} at
 * @param {string[]} options
 */
function read(at, ...options) {
  return json(token, 'kv', 'get', ...options, '-mount=secret', at).data;
}

async function fails(/** @type {() => unknown} */ run, /** @type {RegExp} */ because) {
  const { stderr } = await refused(async () => run());
  if (!because.test(stderr)) throw new Error(`it was refused otherwise: ${stderr}`);
}

/** @type {string} */
let token;

await verb('login', async () => {
  token = login(roleId, secretId);
});
await verb('login as a user', async () => {
  const args = ['-method=userpass', '-token-only', '-no-store', `username=${username}`, `password=${password}`];
  const other = bao(undefined, 'login', ...args).trim();
  bao(other, 'token', 'lookup');
  await fails(() => login(roleId, 'wrong'), /Code: 400/);
});
await verb('write', async () => {
  for (const value of ['one', 'two']) bao(token, 'kv', 'put', '-mount=secret', path, `value=${value}`);
  // The older form, in which the command asks what is mounted where.
  bao(token, 'kv', 'get', `secret/${path}`);
});
await verb('read', async () => {
  equal([read(path).data, read(path).metadata.version], [{ value: 'two' }, 2]);
  equal(bao(token, 'kv', 'get', '-field=value', '-mount=secret', path).trim(), 'two');
  await fails(() => read(`${base}/NONE`), /No value found/);
});
await verb('read a version', async () => {
  equal(read(path, '-version=1').data, { value: 'one' });
});
await verb('write a folder', async () => {
  bao(token, 'kv', 'put', '-mount=secret', folder, 'STRIPE=s', 'OPENAI=o');
  equal(read(folder).data, { STRIPE: 's', OPENAI: 'o' });
});
await verb('cas conflict', async () => {
  for (const cas of [0, 1])
    await fails(() => bao(token, 'kv', 'put', `-cas=${cas}`, '-mount=secret', path, 'value=x'), /Code: 400/);
  bao(token, 'kv', 'put', '-cas=2', '-mount=secret', path, 'value=three');
});
await verb('patch', async () => {
  bao(token, 'kv', 'patch', '-mount=secret', path, 'value=four');
  equal(read(path).data, { value: 'four' });
  // This reads, merges, and writes with the version that it has read, which a folder does not have.
  const rewrites = ['kv', 'patch', '-method=rw', '-mount=secret', folder, 'OPENAI=p'];
  await fails(() => bao(token, ...rewrites), /Code: 400/);
  bao(token, 'kv', 'patch', '-method=rw', '-mount=secret', path, 'value=four');
  bao(token, 'kv', 'patch', '-method=patch', '-mount=secret', folder, 'OPENAI=q');
  equal(read(folder).data, { STRIPE: 's', OPENAI: 'q' });
});
await verb('metadata', async () => {
  bao(token, 'kv', 'metadata', 'put', '-custom-metadata=team=shop', '-mount=secret', path);
  const found = JSON.parse(bao(token, 'kv', 'metadata', 'get', '-format=json', '-mount=secret', path)).data;
  equal([found.custom_metadata.team, found.current_version], ['shop', 4]);
});
await verb('list', async () => {
  equal(json(token, 'kv', 'list', '-mount=secret', base).includes('BAO'), true);
});
await verb('delete', async () => {
  bao(token, 'kv', 'delete', '-mount=secret', path);
  await fails(() => bao(token, 'kv', 'get', '-field=value', '-mount=secret', path), /No data found|not present/i);
});
await verb('undelete', async () => {
  bao(token, 'kv', 'undelete', '-versions=4', '-mount=secret', path);
  equal(read(path).data, { value: 'four' });
});
await verb('destroy', async () => {
  bao(token, 'kv', 'destroy', '-versions=1', '-mount=secret', path);
  equal(read(path, '-version=1').data, null);
  equal(read(path).data, { value: 'four' });
});
await verb('delete all', async () => {
  bao(token, 'kv', 'metadata', 'delete', '-mount=secret', path);
  await fails(() => bao(token, 'kv', 'metadata', 'get', '-mount=secret', path), /No value found/);
});
await verb('lookup', async () => {
  const { data } = json(token, 'token', 'lookup');
  equal(data.ttl > 0 && data.ttl <= 86_400, true);
});
await verb('renew', async () => {
  equal(json(token, 'token', 'renew').auth.client_token, token);
});
await verb('create a token', async () => {
  const { auth } = json(token, 'token', 'create', '-ttl=60s');
  equal(auth.lease_duration, 60);
  bao(auth.client_token, 'kv', 'get', '-mount=secret', folder);
});
await verb('revoke', async () => {
  const ended = login(roleId, secretId);
  bao(ended, 'token', 'revoke', '-self');
  await fails(() => bao(ended, 'token', 'lookup'), /Code: 403/);
  bao(token, 'token', 'lookup');
});
await verb('refused read', async () => {
  for (const each of [outside, `${outside}-none`]) await fails(() => read(each), /Code: 403/);
  const reader = login(readerRoleId, readerSecretId);
  bao(reader, 'kv', 'get', '-mount=secret', folder);
  await fails(() => bao(reader, 'kv', 'put', '-mount=secret', path, 'value=x'), /Code: 403/);
});
await verb('health', async () => {
  const { initialized, sealed } = JSON.parse(bao(undefined, 'status', '-format=json'));
  equal([initialized, sealed], [true, false]);
});
rmSync(home, { recursive: true, force: true });
