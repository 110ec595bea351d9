/** `--offline`: encrypted copies stand in for a vault that cannot be reached, and for nothing else. */
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Cli, openCli } from '../../testing/cli.ts';
import { listening } from '../../testing/gate.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

const password = 'correct horse battery';
const read = ['run', 'app', '--offline', '--no-mask', '--', 'printenv', 'KEY'];

let vault: RunningVault;
let admin: string;
let token: string;
let cli: Cli;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  admin = await signIn(vault.url, 'admin', password);
  await ask(vault.url, 'POST', '/keys', { token: admin, body: { key_name: 'app/KEY', api_key: 'cached-value' } });
});
afterAll(() => vault?.dispose());

/** A proxy in front of the vault, which can fail as networks and proxies do. */
async function startFront() {
  let answer: { status: number; text: string } | undefined;
  const server: Server = createServer(async (request, response) => {
    if (answer) {
      response.writeHead(answer.status, { 'Content-Type': 'text/html' }).end(answer.text);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const upstream = await fetch(`${vault.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { Authorization: request.headers.authorization ?? '', 'Content-Type': 'application/json' },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(upstream.status, { 'Content-Type': 'application/json' }).end(await upstream.text());
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
    open: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
    fail: (status: number, text = '<html>') => {
      answer = { status, text };
    },
    work: () => {
      answer = undefined;
    },
  };
}

let front: Awaited<ReturnType<typeof startFront>>;

beforeEach(async () => {
  token = await signIn(vault.url, 'admin', password);
  front = await startFront();
  cli = openCli(front.url, token);
  onTestFinished(() => cli.dispose());
});

test('a copy is used while nothing answers, and standard error says of when it is', async () => {
  expect(await cli.ok(read)).toBe('cached-value\n');
  await front.close();
  const { stdout, stderr } = await cli.run(read);
  expect([stdout, stderr]).toEqual([
    'cached-value\n',
    expect.stringMatching(/cannot be reached.*Using the copy of \d{4}-/s),
  ]);
  expect((await cli.run(read.filter((word) => word !== '--offline'))).code).toBe(125);
});

test('without --offline nothing is kept', async () => {
  await cli.ok(['get', 'app/KEY']);
  expect(existsSync(join(cli.folder, 'cache'))).toBe(false);
});

test('get and export have copies of their own', async () => {
  await cli.ok(['get', 'app/KEY', '--offline']);
  await front.close();
  expect((await cli.run(['get', 'app/KEY', '--offline'])).stdout).toBe('cached-value');
  expect((await cli.run(['export', 'app', '--format', 'env', '--offline'])).code).toBe(7);
});

test('a proxy that cannot reach the vault counts as no answer; the vault itself and redirects do not', async () => {
  await cli.ok(read);
  for (const status of [502, 503, 504]) {
    front.fail(status);
    expect((await cli.run(read)).stdout).toBe('cached-value\n');
  }
  for (const [status, text] of [
    [500, '{"error":"broken"}'],
    [503, '{"error":"broken"}'],
    [302, ''],
    [200, '<html>'],
  ] as const) {
    front.fail(status, text);
    expect(await cli.run(read)).toMatchObject({ code: 125, stdout: '' });
  }
});

test('after a 401 the copy is gone, also when the vault cannot be reached later', async () => {
  await cli.ok(read);
  await ask(vault.url, 'POST', '/auth/logout', { token });
  expect(await cli.run(read)).toMatchObject({
    code: 125,
    stdout: '',
    stderr: expect.stringContaining('keystore login'),
  });
  expect(readdirSync(join(cli.folder, 'cache/keystore'))).toEqual([]);
  await front.close();
  expect(await cli.run(read)).toMatchObject({ code: 125, stdout: '', stderr: expect.stringContaining('no copy') });
});

test.each([403, 404])('after a %i as well', async (status) => {
  await cli.ok(read);
  front.fail(status, '{"error":"no"}');
  expect((await cli.run(read)).stdout).toBe('');
  await front.close();
  expect((await cli.run(read)).stdout).toBe('');
});

test('a copy that is older than --max-age is refused', async () => {
  await cli.ok(read);
  await front.close();
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const aged = ['run', 'app', '--offline', '--max-age', '1s', '--', 'true'];
  expect(await cli.run(aged)).toMatchObject({ code: 125, stderr: expect.stringContaining('too old') });
  expect((await cli.run(['get', 'app/KEY', '--max-age', '1h'])).code).toBe(2);
});

test('another token does not open it, and logout removes it', async () => {
  const home = openCli(front.url);
  onTestFinished(() => home.dispose());
  await home.ok(['login', '--user', 'admin', '--password-stdin'], { input: password });
  await home.ok(read);
  await front.close();
  expect((await home.run(read, { env: { KEYSTORE_TOKEN: admin } })).stdout).toBe('');
  expect((await home.run(read)).stdout).toBe('cached-value\n');
  await front.open();
  await home.ok(['logout']);
  expect(readdirSync(join(home.folder, 'cache/keystore'))).toEqual([]);
});
