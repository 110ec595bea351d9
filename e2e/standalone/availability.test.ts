/** What the standalone file stands: few open files, a runtime that ends, and other users of its machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ask, freePort, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { environment, isAlive, program, runFolders } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'keystore-standalone-'));
let vault: RunningVault | undefined;
let held: Socket[] = [];

afterEach(async () => {
  for (const socket of held) socket.destroy();
  held = [];
  await vault?.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The standalone file, started under a shell command such as `ulimit`. */
function startedWith(command: string): string {
  const script = join(folder, 'start.sh');
  writeFileSync(script, `#!/bin/sh\n${command}\nexec '${program}' "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

function runtimePid(): number {
  return Number(readFileSync(join(runFolders(vault?.process.pid)[0] ?? '', 'pid'), 'utf8'));
}

function openFiles(): number {
  return readdirSync(`/proc/${runtimePid()}/fd`).length;
}

function limitOf(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]);
}

test('with 1,024 open files, 5,000 idle connections from one address neither end it nor keep others out', async () => {
  vault = await startVault({ folder, standaloneFile: startedWith('ulimit -n 1024') });
  const runtime = runtimePid();
  expect(limitOf(runtime)).toBe(1024);
  const { hostname: host, port } = new URL(vault.url);
  const answer = (localAddress: string) =>
    new Promise<string>((resolve) => {
      let text = '';
      const socket = connect({ host, port: Number(port), localAddress });
      socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      socket.on('data', (chunk) => (text += String(chunk)));
      // While the queue of new connections is full, the system repeats an attempt later and later: try anew instead.
      socket.setTimeout(2_000, () => socket.destroy());
      socket.on('error', () => {}).on('close', () => resolve(text.slice(0, 12)));
    });
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5_000; i++) {
      const socket = connect({ host, port: Number(port), localAddress: '127.0.0.1' });
      held.push(socket.on('error', () => {}).resume());
    }
    await expect.poll(() => answer('127.0.0.2')).toBe('HTTP/1.1 200');
    await expect.poll(() => answer('127.0.0.1')).toBe('HTTP/1.1 200');
    await expect.poll(openFiles).toBeLessThan(300);
  }
  expect(runtimePid()).toBe(runtime);
});

test('it raises its limit on open files to what it may', async () => {
  vault = await startVault({ folder, standaloneFile: startedWith('ulimit -S -n 512') });
  expect(limitOf(runtimePid())).toBeGreaterThan(512);
});

test('a runtime that ends is started again, with its keys, on its port, and leaves no secret in a file', async () => {
  vault = await startVault({ folder });
  const token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'kept', api_key: 'the value' } });
  for (let round = 1; round <= 2; round++) {
    const before = runtimePid();
    process.kill(before, 'SIGKILL');
    const value = () =>
      ask(vault?.url ?? '', 'GET', '/keys/kept', { token }).then(
        ({ body }) => body.api_key,
        () => undefined,
      );
    await expect.poll(() => vault?.output().match(/The vault is up again/g)?.length).toBe(round);
    await expect.poll(value).toBe('the value');
    expect(runtimePid()).not.toBe(before);
    const [run = ''] = runFolders(vault.process.pid);
    for (const name of readdirSync(run)) expect(name).toMatch(/^(alive|hasher|listening|pid|said)$/);
  }
  const env = environment(folder, 1);
  expect(spawnSync(program, ['health'], { env }).status).toBe(0);
  await vault.stop();
  expect(vault.process.exitCode).toBe(0);
});

test('told to stop while it waits to start the runtime again, it ends at once with 0 and leaves nothing behind', async () => {
  vault = await startVault({ folder });
  for (let ended = 1; ended <= 4; ended++) {
    const runtime = await expect.poll(runtimePid).toBeGreaterThan(0).then(runtimePid);
    process.kill(runtime, 'SIGKILL');
    await expect.poll(() => vault?.output().match(/ended unexpectedly/g)?.length).toBe(ended);
    if (ended < 4) await expect.poll(() => vault?.output().match(/is up again/g)?.length).toBe(ended);
  }
  expect(vault.output()).toContain('Starting it again in 2 s');
  const launcher = vault.process.pid;
  await vault.stop();
  expect(vault.process.exitCode).toBe(0);
  expect(runFolders(launcher)).toEqual([]);
});

test('the control port answers only users who may read the data folder; no process shows the token', async () => {
  vault = await startVault({ folder });
  const file = join(folder, 'data/v3/d1/standalone.lock/port');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [port = '', token = ''] = readFileSync(file, 'utf8').split(' ');
  expect(token.length).toBeGreaterThan(20);
  const status = async (path: string, headers: Record<string, string>) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
  for (const path of ['/health', '/up', '/up?copied', '/', '/keys']) {
    expect(await status(path, {})).toBe(404);
    expect(await status(path, { Authorization: 'Bearer ' })).toBe(404);
    expect(await status(path, { Authorization: `Bearer ${token}x` })).toBe(404);
  }
  expect(await status('/health', { Authorization: `Bearer ${token}` })).toBe(200);
  const shown = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8', maxBuffer: 1e8 });
  expect(shown).not.toContain(token);
  for (const pid of [vault.process.pid ?? 0, runtimePid()]) {
    expect(isAlive(pid)).toBe(true);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(token);
  }
});

test('a connection that is made during the start, and kept, is answered once the vault is up', async () => {
  const port = await freePort();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statusOf = () =>
    new Promise<number | string>((resolve) => {
      get({ host: '127.0.0.1', port, path: '/health', agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      }).on('error', (error) => resolve(error.message));
    });
  const seen = new Set<number | string>();
  let isUp = false;
  const asking = (async () => {
    while (!isUp) seen.add(await statusOf());
  })();
  vault = await startVault({ folder, port, env: { HOST: '127.0.0.1' } });
  isUp = true;
  await asking;
  expect(seen).toContain(503);
  expect(await statusOf()).toBe(200);
  agent.destroy();
});
