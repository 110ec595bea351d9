/** Service tokens from the command line: made, used, rotated and revoked. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Cli, openCli } from '../../testing/cli.ts';
import { type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';

let vault: RunningVault;
let token: string;
let cli: Cli;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
});
afterAll(() => vault?.dispose());

beforeEach(() => {
  cli = openCli(vault.url, token);
  onTestFinished(() => cli.dispose());
});

test('from an empty folder to a program with its keys: project, import, token, run', async () => {
  writeFileSync(join(cli.folder, '.env'), 'STRIPE=sk-example\nDB="a b"\n');
  await cli.ok(['projects', 'create', 'shop']);
  await cli.ok(['import', '.env', '--to', 'shop/prod', '--yes']);
  await cli.ok(['set', 'shop/staging/DB', '--generate']);
  const create = ['tokens', 'create', 'web', '--project', 'shop', '--scope', 'shop/prod/*', '--expires-in-days', '90'];
  const made = (await cli.ok(create)).trim();
  expect(made).toMatch(/^ks_[0-9A-Za-z]+$/);
  const env = { KEYSTORE_TOKEN: made };
  const { stdout } = await cli.run(['run', 'shop/prod', '--no-mask', '--', 'sh', '-c', 'echo "$STRIPE $DB"'], { env });
  expect(stdout).toBe('sk-example a b\n');
  expect(await cli.ok(['whoami'], { env })).toMatch(/^project shop \(read\) with the token web until /);
  expect(await cli.ok(['ls'], { env })).toBe('shop/prod/DB\nshop/prod/STRIPE\n');
  expect((await cli.run(['get', 'shop/staging/DB'], { env })).code).toBe(5);
  expect((await cli.run(['rm', 'shop/prod/DB'], { env })).code).toBe(4);
});

test('listed and shown without its secret; rotated with a grace, and revoked', async () => {
  const file = join(cli.folder, 'token');
  await cli.ok([
    'tokens',
    'create',
    'job',
    '--scope',
    '*',
    '--access',
    'write',
    '--address',
    '127.0.0.0/8',
    '--out',
    file,
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const env = { KEYSTORE_TOKEN: '', KEYSTORE_TOKEN_FILE: file };
  expect(await cli.ok(['whoami'], { env })).toContain('admin (write) with the token job');
  const secret = readFileSync(file, 'utf8').trim();
  const { stdout } = await cli.run(['tokens', '--json']);
  const { id } = JSON.parse(stdout).tokens.find(({ name }: { name: string }) => name === 'job');
  expect(stdout).not.toContain(secret);
  expect(await cli.ok(['tokens', 'show', String(id)])).toMatch(/addresses +127\.0\.0\.0\/8/);

  const second = (await cli.ok(['tokens', 'rotate', String(id), '--grace', '10'])).trim();
  expect(second).not.toBe(secret);
  for (const each of [secret, second]) expect((await cli.run(['ls'], { env: { KEYSTORE_TOKEN: each } })).code).toBe(0);
  await cli.ok(['tokens', 'revoke', String(id)]);
  for (const each of [secret, second]) expect((await cli.run(['ls'], { env: { KEYSTORE_TOKEN: each } })).code).toBe(3);
  expect(await cli.ok(['tokens'])).toMatch(/job .* revoked$/m);
});

test('no token is made for a file that exists, and no file is left of a token that is refused', async () => {
  const file = join(cli.folder, 'taken');
  writeFileSync(file, 'mine');
  expect((await cli.run(['tokens', 'create', 'lost', '--scope', '*', '--out', file])).code).toBe(2);
  expect(await cli.ok(['tokens'])).not.toContain('lost');
  expect((await cli.run(['tokens', 'create', 'bad', '--scope', 'a/b*', '--out', `${file}2`])).code).toBe(1);
  expect(statSync(`${file}2`, { throwIfNoEntry: false })).toBeUndefined();
  expect((await cli.run(['tokens', 'create', 'none'])).code).toBe(2);
});

test('a service token can be kept by login, and logout leaves it working', async () => {
  const made = (await cli.ok(['tokens', 'create', 'kept', '--scope', '*'])).trim();
  const home = openCli(vault.url);
  onTestFinished(() => home.dispose());
  await home.ok(['login', '--token-stdin'], { input: `${made}\n` });
  expect(await home.ok(['status'])).toContain('with the token kept');
  await home.ok(['logout']);
  expect((await cli.run(['ls'], { env: { KEYSTORE_TOKEN: made } })).code).toBe(0);
});
