/** A project with a client that public tools generate from the API document: it compiles, and reads a key. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningVault, startVault } from '../../testing/vault.ts';

/** Each expected error is one: otherwise the compiler refuses the line above it. */
const client = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.d.ts';

export const run = async (url: string, password: string): Promise<string> => {
  const client = createClient<paths, 'application/json'>({ baseUrl: url });
  const signedIn = await client.POST('/auth/login', { body: { username: 'admin', password } });
  if (!signedIn.data) throw new Error(signedIn.error.error);
  const headers = { Authorization: 'Bearer ' + signedIn.data.token };
  const key_name = 'shop/prod/a name';
  await client.POST('/keys', { headers, body: { key_name, api_key: 'example-value', labels: { env: 'prod' } } });
  const { data, error } = await client.GET('/keys/{key_name}', { headers, params: { path: { key_name } } });
  if (!data) throw new Error(error.error);
  const key: components['schemas']['Key'] = data;
  // @ts-expect-error There is no such field.
  void key.nothing;
  // @ts-expect-error The value is missing.
  void (() => client.POST('/keys', { headers, body: { key_name } }));
  // @ts-expect-error There is no such route.
  void (() => client.GET('/nothing', {}));
  return key.api_key + ' ' + key.labels['env'] + ' ' + key.version.toFixed(1);
};
`;

let vault: RunningVault;
let folder: string;

beforeAll(async () => {
  vault = await startVault();
  folder = mkdtempSync(join(tmpdir(), 'keystore-client-'));
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(import.meta.dirname, name), join(folder, name));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await vault?.dispose();
});

/** Returns what it printed. Throws that if it fails. */
function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

test('a generated client compiles, knows the types of answers, and reads a key', () => {
  writeFileSync(join(folder, 'client.ts'), client);
  writeFileSync(
    join(folder, 'main.mjs'),
    "import { run } from './client.js';\nconsole.log(await run(...process.argv.slice(2)));\n",
  );
  run('npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline');
  run('npx', 'openapi-typescript', `${vault.url}/openapi.json`, '-o', 'schema.d.ts');
  const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom'];
  run(
    'npx',
    'tsc',
    ...options,
    '--skipLibCheck',
    '--allowImportingTsExtensions',
    '--rewriteRelativeImportExtensions',
    'client.ts',
  );
  expect(run(process.execPath, 'main.mjs', vault.url, 'admin123').trim()).toBe('example-value prod 1.0');
});
