import { describe, expect, test } from 'vitest';
import { vaultPaths } from '../../core/data-folder/layout.ts';
import setup from './setup.ts';

const keys = { SECRET_KEY: 'the signing key', ENCRYPTION_KEY: 'the sealing key' };
const { file: database, marker } = vaultPaths('/home/data');

/** A `disk` service on files in memory. */
const diskOf = (files: Record<string, string>) =>
  ({
    async fetch(url: string, { method = 'GET', body = '' }: { method?: string; body?: string } = {}) {
      const path = decodeURIComponent(new URL(url).pathname);
      if (method === 'PUT') files[path] = body;
      const text = files[path];
      if (text === undefined) return new Response(null, { status: 404 });
      const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(text.length) };
      return new Response(method === 'HEAD' ? null : text, { headers });
    },
  }) as unknown as Fetcher;

/** Runs the setup in /home. Returns the text of the plan and of the config. */
const setUp = async (files: Record<string, string>, environment: Record<string, string> = {}) => {
  const written: Record<string, string> = {};
  await setup.test(undefined, {
    DISK: diskOf(files),
    RUN: diskOf(written),
    FOLDER: '/home',
    HAS_IPV6: 'yes',
    ENV_FILE_HIDDEN: null,
    KEYSTORE_ENV: null,
    MAX_FILES: '65536',
    ...environment,
  });
  return { plan: written['/plan'] ?? '', config: written['/run.capnp'] ?? '' };
};

describe('a start', () => {
  test('of a new vault has keys made, which the config has already', async () => {
    const { plan, config } = await setUp({});
    const key = /^SECRET_KEY=(.+)$/m.exec(plan)?.[1];
    expect(config).toContain(`(name = "SECRET_KEY", text = "${key}")`);
    expect(plan).toContain("env_file='/home/.env'");
    expect(plan).toContain("marker='/home/data/vault.json'");
    expect(plan).toMatch(/^marker_text='\{"format":1,"created":"\d{4}-.*Z"\}$/m);
  });

  test('listens on both addresses of this machine, on one if the port is any or IPv6 is off', async () => {
    const addresses = async (environment: Record<string, string>) =>
      [...(await setUp({}, environment)).config.matchAll(/"vault\d", address = "(.*?)"/g)].map(
        ([, address]) => address,
      );
    expect(await addresses({})).toEqual(['127.0.0.1:5000', '[::1]:5000']);
    expect(await addresses({ PORT: '0' })).toEqual(['127.0.0.1:0']);
    expect(await addresses({ HAS_IPV6: '' })).toEqual(['127.0.0.1:5000']);
    expect(await addresses({ HOST: '::', PORT: '80' })).toEqual(['[::]:80']);
  });

  test('takes settings from the environment, the env file, and files that either names', async () => {
    const files = { '/home/.env': 'SECRET_KEY_FILE=s\nENCRYPTION_KEY="e"\nPORT=1\n', '/home/s': 'of a file\n' };
    const { plan, config } = await setUp(files, { PORT: '2', ADMIN_PASSWORD_FILE: '/home/s' });
    expect(plan).toContain("port='2'");
    expect(plan).toContain("new_keys=''");
    expect(config).toContain('(name = "SECRET_KEY", text = "of a file")');
    expect(config).toContain('(name = "ENCRYPTION_KEY", text = "e")');
    expect(config).toContain('(name = "ADMIN_PASSWORD", text = "of a file")');
    expect(config).not.toContain('JWT_EXPIRY_HOURS');
  });

  test('of a vault that is not new takes an empty ADMIN_PASSWORD, and gives it no default', async () => {
    const files = { '/home/.env': 'ADMIN_PASSWORD=\n', [marker]: '{}', [database]: 'CREATE TABLE "d1_migrations"' };
    expect((await setUp(files, keys)).config).toContain('(name = "ADMIN_PASSWORD", text = "")');
  });

  test('takes /dev/null for no env file', async () => {
    const { plan } = await setUp({}, { ...keys, KEYSTORE_ENV: '/dev/null' });
    expect(plan).toContain("env_file='/dev/null'");
  });

  test('quotes values for Cap’n Proto, and paths for the shell', async () => {
    const files = { '/home/it\'s "$data"/vault.json': '', '/home/it\'s "$data"/x': '' };
    const { plan, config } = await setUp(files, { ...keys, ADMIN_PASSWORD: 'a"\\\n\té', KEYSTORE_DATA: 'it\'s "new"' });
    expect(config).toContain('(name = "ADMIN_PASSWORD", text = "a\\x22\\x5c\\x0a\\x09é")');
    expect(plan).toContain(`data='/home/it'\\''s "new"'`);
  });

  test('speaks TLS with the two files', async () => {
    const files = { '/home/c': 'CERT\n', '/home/k': 'KEY' };
    const { config } = await setUp(files, { ...keys, TLS_CERT: 'c', TLS_KEY: '/home/k' });
    expect(config).toContain('certificateChain = "CERT\\x0a", privateKey = "KEY"');
    expect(config).toContain('(name = "HAS_TLS", text = "yes")');
  });
});

test.each<[string, Record<string, string>, Record<string, string>, string]>([
  ['a bad port', {}, { PORT: 'x' }, 'PORT is "x"'],
  ['a bad env file', { '/home/.env': 'A=1\n?' }, {}, '/home/.env, line 2: '],
  ['a hidden env file', {}, { ...keys, ENV_FILE_HIDDEN: 'yes' }, 'The env file /home/.env cannot be read.'],
  ['an empty password', { '/home/.env': 'ADMIN_PASSWORD=\n' }, keys, 'ADMIN_PASSWORD is set but empty'],
  ['a password without a value', {}, { ...keys, ADMIN_PASSWORD: '' }, 'ADMIN_PASSWORD is set but empty'],
  ['a misspelt password', { '/home/.env': '\nADMIN_PASWORD=x' }, keys, '/home/.env, line 2: ADMIN_PASWORD is not'],
  ['a missing file', {}, { SECRET_KEY_FILE: '/s' }, 'SECRET_KEY_FILE names /s, which cannot be read'],
  ['half of TLS', {}, { ...keys, TLS_KEY: '/k' }, 'TLS_KEY is set and TLS_CERT is not'],
  ['a missing certificate', {}, { ...keys, TLS_KEY: '/k', TLS_CERT: '/c' }, 'TLS_CERT names /c, which cannot be read'],
  ['an old database', { '/home/data/keystore.db': 'x' }, {}, '/home/data/keystore.db is a database of v0.6'],
  ['a restore', { '/home/data/restore/commit.json': '{}' }, keys, 'A restore was interrupted'],
  ['a lost database', { [marker]: '{}' }, keys, `${database} is missing, though this vault was in use`],
  [
    'an emptied database',
    { [marker]: '{}', [database]: '' },
    keys,
    `${database} is empty, though this vault was in use`,
  ],
  ['a damaged database', { [marker]: '{}', [database]: 'x' }, keys, 'is not that of a vault, or is damaged'],
  ['a foreign database', { [database]: 'CREATE TABLE notes (x)' }, keys, 'is not that of a vault, or is damaged'],
  ['lost keys', { [database]: 'CREATE TABLE "d1_migrations"' }, {}, 'Bring back the .env from your backup'],
])('%s: refused in words, and no config is written', async (_, files, environment, sentence) => {
  const { plan, config } = await setUp(files, environment);
  expect(plan).toMatch(/^refusal='/);
  expect(plan).toContain(sentence);
  expect(config).toBe('');
});

test.each([
  ['a vault', 'CREATE TABLE "d1_migrations"'],
  ['a vault whose schema is far into the file', `${'x'.repeat(200_000)}CREATE TABLE "d1_migrations"`],
  ['a start that ended before its first table', 'CREATE TABLE _cf_METADATA (x)'],
])('the database of %s is accepted', async (_, text) => {
  expect((await setUp({ [database]: text }, keys)).plan).toContain(`database='${database}'`);
});
