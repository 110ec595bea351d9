/**
 * The credential helpers, called by the real git, docker and aws. What they talk to is played here, so that no engine and no account
 * is needed. A program that is not installed is skipped, and the name of its suite says so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Cli, endOf, openCli } from '../../testing/cli.ts';
import { listening } from '../../testing/gate.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';

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

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `${program} --version`]).status === 0;
}

/** A suite of a program that may not be installed. */
function suiteOf(program: string) {
  const isThere = isInstalled(program);
  return { describe: describe.skipIf(!isThere), name: isThere ? program : `${program}, which is not installed` };
}

/** Runs one of the programs with this home. */
function run(line: string[], env: Record<string, string> = {}, input = '') {
  const [command = '', ...args] = line;
  const child = spawn(command, args, { cwd: cli.folder, env: { ...cli.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  return endOf(child);
}

interface Seen {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server that keeps what it is asked. Returns its address, such as 127.0.0.1:4711. */
async function serve(answer: RequestListener, seen: Seen[] = []): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ path: request.url ?? '', headers: request.headers, body });
    answer(request, response);
  });
  return `127.0.0.1:${await listening(server)}`;
}

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

const git = suiteOf('git');

git.describe(git.name, () => {
  const commit = 'a'.repeat(40);
  let host: string;

  beforeEach(async () => {
    // The "dumb" protocol: a list of references, for whoever has the right password.
    host = await serve((request, response) => {
      if (request.headers.authorization !== basic('alice', 'git-token')) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      } else if (request.url?.startsWith('/repo.git/info/refs')) {
        response.end(`${commit}\trefs/heads/main\n`);
      } else response.writeHead(404).end();
    });
  });

  const list = (...config: string[]) =>
    run(['git', ...config.flatMap((each) => ['-c', each]), 'ls-remote', `http://${host}/repo.git`], {
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_NOSYSTEM: '1',
    });

  test('reads a repository with the password from the vault', async () => {
    await cli.ok(['set', `git/${host}`, '--label', 'username=alice', '--exact'], { input: 'git-token' });
    expect(await list('credential.helper=!keystore git-credential')).toMatchObject({
      code: 0,
      stdout: `${commit}\trefs/heads/main\n`,
    });
    expect(await list('credential.helper=keystore')).toMatchObject({ code: 0 });
    // Git has told the helper to store it, and later that it works: nothing has changed.
    expect(JSON.parse(await cli.ok(['history', `git/${host}`, '--json'])).versions).toHaveLength(1);
  });

  test('takes a named key, and the user name from the address', async () => {
    await cli.ok(['set', 'ci/token', '--exact'], { input: 'git-token' });
    const helper = 'credential.helper=!keystore git-credential --name ci/token';
    expect((await list(helper)).code).not.toBe(0);
    expect(await list(`${helper} --username alice`)).toMatchObject({ code: 0 });
    host = `alice@${host}`;
    expect(await list(helper)).toMatchObject({ code: 0 });
  });

  test('goes on without the vault: other helpers are asked, and a refused password stays in the vault', async () => {
    expect((await list('credential.helper=!keystore git-credential')).stderr).toContain('terminal prompts disabled');
    await cli.ok(['set', `git/${host}`, '--label', 'username=alice', '--exact'], { input: 'wrong' });
    expect((await list('credential.helper=!keystore git-credential')).code).not.toBe(0);
    expect(await cli.ok(['get', `git/${host}`])).toBe('wrong');
  });

  test('with --write, git stores what works and erases what was refused', async () => {
    const helper = '!keystore git-credential --write';
    const approve = `protocol=http\nhost=${host}\nusername=alice\npassword=git-token\n\n`;
    await run(['git', '-c', `credential.helper=${helper}`, 'credential', 'approve'], {}, approve);
    expect(await cli.ok(['get', `git/${host}`])).toBe('git-token');
    expect(await list(`credential.helper=${helper}`)).toMatchObject({ code: 0 });
    await run(
      ['git', '-c', `credential.helper=${helper}`, 'credential', 'reject'],
      {},
      approve.replace('git-token', 'other'),
    );
    expect(await cli.ok(['get', `git/${host}`])).toBe('git-token');
    await run(['git', '-c', `credential.helper=${helper}`, 'credential', 'reject'], {}, approve);
    expect((await cli.run(['get', `git/${host}`])).code).toBe(5);
  });
});

const docker = suiteOf('docker');

docker.describe(docker.name, () => {
  const registry = 'registry.example.com:5000';
  const seen: Seen[] = [];
  let engine: Record<string, string>;

  beforeEach(async () => {
    seen.length = 0;
    mkdirSync(join(cli.folder, '.docker'));
    writeFileSync(join(cli.folder, '.docker/config.json'), JSON.stringify({ credsStore: 'keystore' }));
    // Docker Engine's API, as far as signing in and pulling need it.
    const host = await serve((request, response) => {
      response.setHeader('Api-Version', '1.41');
      response.setHeader('Content-Type', 'application/json');
      if (request.url?.endsWith('/auth')) response.end('{"Status":"Login Succeeded","IdentityToken":""}');
      else response.end(request.url?.includes('/images/create') ? '{"status":"done"}\n' : '{}');
    }, seen);
    engine = { DOCKER_HOST: `tcp://${host}`, DOCKER_CONTENT_TRUST: '0' };
  });

  test('login stores the password in the vault, pull sends it, logout moves it to the trash', async () => {
    const login = await run(['docker', 'login', registry, '-u', 'alice', '--password-stdin'], engine, 'docker-secret');
    expect(login).toMatchObject({ code: 0, stdout: expect.stringContaining('Login Succeeded') });
    expect(await cli.ok(['get', `docker/${registry}`])).toBe('docker-secret');
    expect(JSON.parse(await cli.ok(['ls', 'docker', '--json'])).keys[0].labels).toEqual({ username: 'alice' });

    await run(['docker', 'pull', `${registry}/image:1`], engine);
    const pull = seen.find(({ path }) => path.includes('/images/create'));
    const sent = JSON.parse(Buffer.from(String(pull?.headers['x-registry-auth']), 'base64').toString());
    expect(sent).toMatchObject({ username: 'alice', password: 'docker-secret', serveraddress: registry });

    expect(await run(['docker', 'logout', registry], engine)).toMatchObject({ code: 0 });
    expect((await cli.run(['get', `docker/${registry}`])).code).toBe(5);
  });

  test('a registry without a key is pulled from without a password', async () => {
    await run(['docker', 'pull', 'other.example.com/image:1'], engine);
    const pull = seen.find(({ path }) => path.includes('/images/create'));
    expect(pull).toBeDefined();
    expect(String(pull?.headers['x-registry-auth'] ?? '')).not.toContain('docker');
  });
});

test("the docker helper's own protocol: list, and the words for nothing", async () => {
  const helper = (action: string, input = '') => run(['docker-credential-keystore', action], {}, input);
  const hub = { ServerURL: 'https://index.docker.io/v1/', Username: 'alice', Secret: 'hub-secret' };
  expect((await helper('store', JSON.stringify(hub))).code).toBe(0);
  expect(JSON.parse((await helper('get', hub.ServerURL)).stdout)).toEqual(hub);
  expect(JSON.parse((await helper('list')).stdout)).toEqual({ 'https://index.docker.io/v1/': 'alice' });
  expect(await helper('get', 'https://nothing.example.com')).toMatchObject({
    code: 1,
    stdout: 'credentials not found in native keychain',
  });
  const signedOut = await run(['docker-credential-keystore', 'get'], { KEYSTORE_TOKEN: 'x' }, 'registry.example.com');
  expect(signedOut).toMatchObject({ code: 3, stdout: expect.stringContaining('keystore login') });
});

const aws = suiteOf('aws');

aws.describe(aws.name, () => {
  test('signs its requests with the keys from the vault', async () => {
    const keys = {
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'aws-secret',
      AWS_SESSION_TOKEN: 'aws-session',
    };
    for (const [name, value] of Object.entries(keys))
      await cli.ok(['set', `shop/aws/${name}`, '--exact'], { input: value });
    const seen: Seen[] = [];
    const sts = await serve((_request, response) => {
      response.setHeader('Content-Type', 'text/xml');
      response.end(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a</Arn><UserId>A</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
      );
    }, seen);
    mkdirSync(join(cli.folder, '.aws'));
    writeFileSync(
      join(cli.folder, '.aws/config'),
      '[profile shop]\nregion = us-east-1\ncredential_process = keystore aws-credential-process shop/aws\n',
    );
    const who = await run([
      'aws',
      'sts',
      'get-caller-identity',
      '--profile',
      'shop',
      '--endpoint-url',
      `http://${sts}`,
      '--output',
      'json',
    ]);
    expect([who.code, who.stderr]).toEqual([0, '']);
    expect(JSON.parse(who.stdout)).toMatchObject({ Account: '1' });
    expect(seen[0]?.headers.authorization).toContain('Credential=AKIAEXAMPLE/');
    expect(seen[0]?.headers['x-amz-security-token']).toBe('aws-session');
    const { body } = await ask<{ logs: { action: string }[] }>(
      vault.url,
      'GET',
      '/logs?key_name=shop/aws&action=view_key',
      { token },
    );
    expect(body.logs).toHaveLength(3);
  });
});
