/** The command line against a live vault: every command, its exit codes, and what it does not do. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Cli, openCli } from '../../testing/cli.ts';
import { listening } from '../../testing/gate.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';
const values = {
  PEM: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n',
  CRLF: 'a\r\nb\r\n',
  SYNTAX: `$(touch hacked) \`id\` "double" 'single' \\ %s`,
  EMOJI: '🔑 é 👨‍👩‍👧',
  NEWLINES: '\n\n',
  BOM: '\uFEFFx',
};

let vault: RunningVault;
let token: string;
let cli: Cli;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
  await ask(vault.url, 'POST', '/projects', { token, body: { name: 'shop' } });
});
afterAll(() => vault?.dispose());

beforeEach(() => {
  cli = openCli(vault.url, token);
  onTestFinished(() => cli.dispose());
});

function store(name: string, value: string) {
  return ask(vault.url, 'POST', '/keys', { token, body: { key_name: name, api_key: value } });
}

describe('signing in', () => {
  let signedOut: Cli;
  beforeEach(() => {
    signedOut = openCli(vault.url);
    onTestFinished(() => signedOut.dispose());
  });

  const login = () => signedOut.ok(['login', '--user', 'admin', '--password-stdin'], { input: `${password}\n` });

  test('keeps a token in a file that only its owner can read, and logout ends the session', async () => {
    await login();
    const file = join(signedOut.folder, 'config/keystore/config.json');
    expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
    const { token: stored } = JSON.parse(readFileSync(file, 'utf8'));
    expect(JSON.parse(await signedOut.ok(['whoami', '--json']))).toMatchObject({ user: 'admin', role: 'admin' });
    await signedOut.ok(['logout']);
    expect(existsSync(file)).toBe(false);
    expect((await ask(vault.url, 'GET', '/auth/session', { token: stored })).status).toBe(401);
    expect(await signedOut.run(['whoami'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('keystore login'),
    });
  });

  test('a file that others can read is refused', async () => {
    await login();
    chmodSync(join(signedOut.folder, 'config/keystore/config.json'), 0o644);
    expect(await signedOut.run(['whoami'])).toMatchObject({ code: 2, stderr: expect.stringContaining('chmod 600') });
  });

  test('the stored token goes to the vault that it is from, and to no other', async () => {
    await login();
    const seen: unknown[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const env = { KEYSTORE_URL: `http://127.0.0.1:${await listening(other)}` };
    expect((await signedOut.run(['ls'], { env })).code).toBe(3);
    expect(seen).toEqual([]);
  });

  test('the environment goes before the file, and a token may be in a file of its own', async () => {
    await login();
    const file = join(signedOut.folder, 'token');
    writeFileSync(file, `${token}\n`);
    await signedOut.ok(['whoami'], { env: { KEYSTORE_TOKEN_FILE: file } });
    expect((await signedOut.run(['whoami'], { env: { KEYSTORE_TOKEN: 'no-such-token' } })).code).toBe(3);
    expect((await signedOut.run(['whoami'], { env: { KEYSTORE_TOKEN: 'a\nb' } })).code).toBe(2);
  });

  test('a wrong password is a 401, and stores nothing', async () => {
    const { code, stderr } = await signedOut.run(['login', '--user', 'admin', '--password-stdin'], { input: 'wrong' });
    expect([code, stderr]).toEqual([3, expect.not.stringContaining('wrong\n')]);
    expect(existsSync(join(signedOut.folder, 'config'))).toBe(false);
  });
});

describe('values pass byte for byte', () => {
  test.each(Object.entries(values))('%s through set, get and --json', async (name, value) => {
    const file = join(cli.folder, 'value');
    writeFileSync(file, value);
    await cli.ok(['set', `bytes/${name}`, '--file', file]);
    const { bytes } = await cli.run(['get', `bytes/${name}`]);
    expect(bytes.toString('hex')).toBe(Buffer.from(value).toString('hex'));
    expect(JSON.parse(await cli.ok(['get', `bytes/${name}`, '--json'])).api_key).toBe(value);
    await cli.ok(['set', `bytes/${name}`, '--exact'], { input: value });
    expect((await cli.run(['get', `bytes/${name}`])).stdout).toBe(value);
  });

  test('all of them through import and export, in every format that is read back', async () => {
    for (const format of ['json', 'env']) {
      const file = join(cli.folder, `values.${format}`);
      writeFileSync(file, JSON.stringify(values));
      await cli.ok(['import', file, '--to', `round/${format}`, '--yes']);
      const exported = join(cli.folder, `exported.${format}`);
      await cli.ok(['export', `round/${format}`, '--format', format, '--out', exported]);
      expect(statSync(exported).mode & 0o777).toBe(0o600);
      await cli.ok(['import', exported, '--to', `round/again-${format}`, '--yes']);
      const { body } = await ask<{ values: Record<string, string> }>(vault.url, 'POST', '/keys/values', {
        token,
        body: { prefix: `round/again-${format}/` },
      });
      const found = Object.entries(body.values).map(([name, value]) => [name.split('/').at(-1), value]);
      expect(Object.fromEntries(found)).toEqual(values);
    }
  });

  test('a folder that is too large for one request is exported whole', async () => {
    const entries = Array.from({ length: 600 }, (_, index) => ({ key_name: `K${index}`, api_key: `value ${index}` }));
    await ask(vault.url, 'POST', '/keys/import', { token, body: { prefix: 'many/', entries } });
    const exported = JSON.parse(await cli.ok(['export', 'many', '--format', 'json']));
    expect(Object.keys(exported)).toHaveLength(600);
    expect(exported.K599).toBe('value 599');
  });
});

describe('set', () => {
  test('leaves out the line end that echo adds, and says so; more lines stay as they are', async () => {
    const { stderr } = await cli.run(['set', 'line'], { input: 'value\n' });
    expect([(await cli.run(['get', 'line'])).stdout, stderr]).toEqual(['value', expect.stringContaining('--exact')]);
    await cli.ok(['set', 'line'], { input: 'a\nb\n' });
    expect((await cli.run(['get', 'line'])).stdout).toBe('a\nb\n');
  });

  test('takes no value as an argument', async () => {
    expect(await cli.run(['set', 'argv', 'secret-value'])).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining('secret-value'),
    });
  });

  test('makes random values of the wanted length, and shows none', async () => {
    const said = await cli.ok(['set', 'random', '--generate', '--length', '40']);
    const { stdout } = await cli.run(['get', 'random']);
    expect(stdout).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(said).not.toContain(stdout);
  });

  test('stores description, labels and expiry; --new refuses a name that is taken', async () => {
    await cli.ok([
      'set',
      'fields',
      '--generate',
      '--description',
      'billing',
      '--label',
      'env=prod',
      '--expires',
      '2030-01-01',
    ]);
    const [key] = JSON.parse(await cli.ok(['ls', 'fields', '--json'])).keys;
    expect(key).toMatchObject({
      description: 'billing',
      labels: { env: 'prod' },
      expires_at: '2030-01-01T00:00:00.000Z',
    });
    expect((await cli.run(['set', 'fields', '--generate', '--new'])).code).toBe(6);
  });

  test('bytes that are no text, and an empty value, are refused', async () => {
    expect((await cli.run(['set', 'binary'], { input: Buffer.from([0xff, 0xfe]) })).stderr).toContain('base64');
    expect((await cli.run(['set', 'binary'], { input: '' })).code).toBe(2);
  });
});

test('ls lists names at the border of a segment, as lines, a table, a tree or JSON, and no values', async () => {
  for (const name of ['tree/a/X', 'tree/a/Y', 'tree/b', 'trees']) await store(name, 'no-value-here');
  expect(await cli.ok(['ls', 'tree'])).toBe('tree/a/X\ntree/a/Y\ntree/b\n');
  expect(await cli.ok(['ls', 'tree/a', '--tree'])).toBe('└── tree/\n    └── a/\n        ├── X\n        └── Y\n');
  expect(await cli.ok(['ls', 'tree', '-l'])).toMatch(/^tree\/a\/X +1 +owner +\d{4}-/);
  const { stdout } = await cli.run(['ls', 'tree', '--json']);
  expect(JSON.parse(stdout).keys).toHaveLength(3);
  expect(stdout).not.toContain('no-value-here');
});

test('mv, rm, history and restore', async () => {
  await store('life/old', 'one');
  await cli.ok(['set', 'life/old', '--exact'], { input: 'two' });
  await cli.ok(['mv', 'life/old', 'life/new']);
  expect(JSON.parse(await cli.ok(['history', 'life/new', '--json'])).versions).toMatchObject([
    { version: 2, is_current: true },
    { version: 1 },
  ]);
  expect(await cli.ok(['get', 'life/new', '--version', '1'])).toBe('one');
  await cli.ok(['restore', 'life/new', '--version', '1']);
  expect(await cli.ok(['get', 'life/new'])).toBe('one');
  await cli.ok(['rm', 'life/new']);
  expect((await cli.run(['get', 'life/new'])).code).toBe(5);
  await cli.ok(['restore', 'life/new', '--as', 'life/back']);
  expect(await cli.ok(['get', 'life/back'])).toBe('one');
});

describe('edit', () => {
  const editor = (script: string) => {
    const file = join(cli.folder, 'editor');
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { VISUAL: file };
  };

  test('stores what the editor leaves, without the line end that it adds, from a file in memory that is gone', async () => {
    await store('edited', 'one');
    const env = editor(
      'stat -f -c %T "$1" >type; stat -c %a "$1" >mode; echo "$1" >path; sed -i s/one/two/ "$1"; echo >>"$1"',
    );
    await cli.ok(['edit', 'edited'], { env });
    expect(await cli.ok(['get', 'edited'])).toBe('two');
    const said = (name: string) => readFileSync(join(cli.folder, name), 'utf8').trim();
    expect([said('type'), said('mode'), existsSync(said('path'))]).toEqual(['tmpfs', '600', false]);
  });

  test('changes nothing if the editor fails, or if somebody else has changed the key meanwhile', async () => {
    await store('edited twice', 'one');
    expect((await cli.run(['edit', 'edited twice'], { env: editor('exit 1') })).code).toBe(1);
    const change = `curl -sf -X PUT -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"api_key":"theirs"}' '${vault.url}/key?key_name=edited%20twice' >/dev/null`;
    expect((await cli.run(['edit', 'edited twice'], { env: editor(`${change}; echo mine >"$1"`) })).code).toBe(6);
    expect(await cli.ok(['get', 'edited twice'])).toBe('theirs');
  });
});

describe('import', () => {
  const file = (text: string) => {
    const path = join(cli.folder, 'import');
    writeFileSync(path, text);
    return path;
  };

  test('shows what would happen, and without a terminal stores nothing that was not agreed to', async () => {
    const { code, stdout } = await cli.run(['import', file('A=1\nB=2\n'), '--to', 'imported']);
    expect([code, stdout]).toEqual([2, 'new  imported/A\nnew  imported/B\n']);
    expect(await cli.ok(['ls', 'imported'])).toBe('');
    expect(await cli.ok(['import', file('A=1\nB=2\n'), '--to', 'imported', '--yes'])).toContain('Imported: 2 new.');
  });

  test('stores all or nothing', async () => {
    await store('whole/B', 'other');
    const { code, stderr } = await cli.run(['import', file('A=1\nB=2\n'), '--to', 'whole', '--yes']);
    expect([code, stderr]).toEqual([6, expect.stringContaining('--on-conflict')]);
    expect(await cli.ok(['ls', 'whole'])).toBe('whole/B\n');
    await cli.ok(['import', file('A=1\nB=2\n'), '--to', 'whole', '--yes', '--on-conflict', 'update']);
    expect(await cli.ok(['get', 'whole/B'])).toBe('2');
  });

  test('reads CSV exports and standard input, and names the line that it cannot read, without its value', async () => {
    await cli.ok(['import', '-', '--to', 'csv', '--yes'], { input: 'key,value\nA,"1,2"\n' });
    expect(await cli.ok(['get', 'csv/A'])).toBe('1,2');
    const { code, stderr } = await cli.run(['import', file('A=1\nno assignment: secret\n'), '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/line 2/)]);
    expect(stderr).not.toContain('secret');
  });
});

test('projects: made, shared, described and deleted', async () => {
  await cli.ok(['projects', 'create', 'team', '--description', 'one team']);
  await ask(vault.url, 'POST', '/users', { token, body: { username: 'alice', password: 'a password for alice' } });
  await cli.ok(['projects', 'member', 'team', 'alice', 'viewer']);
  const shown = JSON.parse(await cli.ok(['projects', 'show', 'team', '--json']));
  expect(shown).toMatchObject({
    description: 'one team',
    members: [{ user_name: 'admin' }, { user_name: 'alice', role: 'viewer' }],
  });
  await cli.ok(['projects', 'remove-member', 'team', 'alice']);
  expect(await cli.ok(['projects'])).toContain('team');
  await cli.ok(['projects', 'rm', 'team']);
  expect((await cli.run(['projects', 'show', 'team'])).code).toBe(5);
  expect((await cli.run(['projects', 'member', 'team'])).code).toBe(2);
});

test('logs: the oldest first, and --follow goes on with what is added', async () => {
  await store('followed', 'x');
  const child = cli.start(['logs', '--follow', '--interval', '1', '--json', '--key', 'followed']);
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  await expect.poll(() => said).toContain('add_key');
  await cli.ok(['get', 'followed']);
  await expect.poll(() => said).toContain('view_key');
  const entries = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.map(({ action }) => action)).toEqual(['add_key', 'view_key']);
});

test('logs: filters by who, what, from where, how and when', async () => {
  await store('shop/filtered', 'x');
  await store('filtered-too', 'x');
  const filters = ['--user', 'admin', '--address', '127.0.0.1', '--action', 'add_key,view_key', '--project', 'shop'];
  const lines = await cli.ok([
    'logs',
    '--json',
    ...filters,
    '--outcome',
    'allowed',
    '--match',
    'exact',
    '--from',
    '5m',
  ]);
  const targets = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).target);
  expect(targets).toContain('shop/filtered');
  expect(targets.filter((target) => !target.startsWith('shop/'))).toEqual([]);
  expect(await cli.run(['logs', '--from', 'yesterday'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('from must be a time'),
  });
});

describe('exit codes and errors', () => {
  test('0, 2, 3, 5, 6, 7', async () => {
    await store('taken', 'x');
    await store('other', 'x');
    const codeOf = async (args: string[], env = {}) => (await cli.run(args, { env })).code;
    expect(await codeOf(['ls'])).toBe(0);
    expect(await codeOf(['no-such-command'])).toBe(2);
    expect(await codeOf(['ls', '--no-such-option'])).toBe(2);
    expect(await codeOf(['get'])).toBe(2);
    expect(await codeOf(['ls'], { KEYSTORE_TOKEN: 'x' })).toBe(3);
    expect(await codeOf(['get', 'missing'])).toBe(5);
    expect(await codeOf(['mv', 'taken', 'other'])).toBe(6);
    expect(await codeOf(['status'], { KEYSTORE_URL: 'http://127.0.0.1:1' })).toBe(7);
    expect(await codeOf(['ls'], { KEYSTORE_URL: 'ftp://x' })).toBe(2);
  });

  test('4 for what a role does not allow', async () => {
    await ask(vault.url, 'POST', '/users', { token, body: { username: 'bob', password: 'a password for bob' } });
    await ask(vault.url, 'PUT', '/projects/shop/members/bob', { token, body: { role: 'viewer' } });
    await store('shop/viewed', 'x');
    const bob = await signIn(vault.url, 'bob', 'a password for bob');
    expect((await cli.run(['rm', 'shop/viewed'], { env: { KEYSTORE_TOKEN: bob } })).code).toBe(4);
  });

  test('are JSON with --json, and have no colours and no stack where there is no terminal', async () => {
    const { stderr, stdout } = await cli.run(['get', 'missing', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ status: 404, error: expect.any(String) });
    expect(stdout).toBe('');
    const plain = await cli.run(['get', 'missing']);
    for (const sign of ['\u001B', '\n    at ']) expect(plain.stderr).not.toContain(sign);
  });

  test('the token is in no output, whatever fails', async () => {
    const lines = [
      ['status'],
      ['whoami', '--json'],
      ['get', 'missing'],
      ['ls', '--json'],
      ['run', 'missing', '--', 'true'],
    ];
    for (const line of lines) {
      const { stdout, stderr } = await cli.run(line);
      expect(stdout + stderr).not.toContain(token);
    }
  });

  test('what answers is not a vault', async () => {
    const other = createServer((_request, response) => response.end('<html>'));
    const env = { KEYSTORE_URL: `http://127.0.0.1:${await listening(other)}` };
    expect(await cli.run(['ls'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('not a vault') });
  });
});

test('the vault serves the command line, its checksum, and a package that npm takes', async () => {
  const read = async (path: string) => Buffer.from(await (await fetch(`${vault.url}${path}`)).arrayBuffer());
  const script = await read('/cli/keystore.mjs');
  const checksum = createHash('sha256').update(script).digest('hex');
  expect((await read('/cli/keystore.mjs.sha256')).toString()).toBe(`${checksum}  keystore.mjs\n`);
  expect(script.equals(readFileSync(join(import.meta.dirname, '../../dist/cli/keystore.mjs')))).toBe(true);
  const packed = join(cli.folder, 'keystore.tgz');
  writeFileSync(packed, await read('/cli/keystore.tgz'));
  const target = join(cli.folder, 'unpacked');
  mkdirSync(target);
  expect(spawnSync('tar', ['xzf', packed, '-C', target]).status).toBe(0);
  expect(readdirSync(join(target, 'package')).toSorted()).toEqual(['keystore.mjs', 'package.json']);
  expect(readFileSync(join(target, 'package/keystore.mjs')).equals(script)).toBe(true);
  const manifest = JSON.parse(readFileSync(join(target, 'package/package.json'), 'utf8'));
  expect(manifest).toMatchObject({ bin: { keystore: 'keystore.mjs' } });
  expect(manifest).not.toHaveProperty('dependencies');
});
