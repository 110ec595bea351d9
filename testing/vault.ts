/**
 * Starts a real vault, as `npm start` does or as the standalone file, on a free port and in a folder of its own; and talks
 * JSON to it. For e2e/ and bench/.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compileCache, type Home, homeIn, project } from './disk-vaults.ts';

const startTimeoutMs = 60_000;

export type Runtime = 'wrangler' | 'standalone';

/** The runtime of suites that run on both: vitest.config.ts sets it. */
const suiteRuntime: Runtime = process.env.KEYSTORE_RUNTIME === 'standalone' ? 'standalone' : 'wrangler';

const commands: Record<Runtime, [string, ...string[]]> = {
  wrangler: [process.execPath, '--max-semi-space-size=2', 'box/commands/start.ts'],
  standalone: [join(project, 'dist/keystore')],
};

export interface RunningVault extends Home {
  url: string;
  process: ChildProcess;
  /** What it has printed so far, standard output and standard error. */
  output: () => string;
  /** Ends it as Ctrl-C does, and keeps its folder. */
  stop: () => Promise<void>;
  /** Ends it as a power cut does, and keeps its folder. */
  kill: () => Promise<void>;
  /** Ends it and removes its folder. */
  dispose: () => Promise<void>;
}

export interface VaultOptions {
  /** The folder of an earlier vault, to start it again; by default a new one. */
  folder?: string;
  port?: number;
  env?: Record<string, string>;
  runtime?: Runtime;
  /** Another standalone file than this project's. */
  standaloneFile?: string;
  /** Another program than the one that the runtime stands for, with its arguments and the folder to run it in. */
  command?: { line: [string, ...string[]]; cwd: string };
  /** Whether it is up. By default, /health answers 200 over plain HTTP. */
  isUp?: () => Promise<boolean>;
}

/** Starts a vault and waits until it is healthy. Throws with all its output if it ends or takes longer than a minute. */
export async function startVault({
  folder = mkdtempSync(join(tmpdir(), 'keystore-e2e-')),
  port,
  env = {},
  runtime = suiteRuntime,
  standaloneFile,
  command: given,
  isUp,
}: VaultOptions = {}): Promise<RunningVault> {
  const home = homeIn(folder);
  const chosenPort = port ?? (await freePort());
  const usual: [string, ...string[]] = standaloneFile === undefined ? commands[runtime] : [standaloneFile];
  const [command, ...args] = given?.line ?? usual;
  const child = spawn(command, args, {
    cwd: given?.cwd ?? project,
    env: {
      ...compileCache,
      PATH: process.env.PATH,
      PORT: String(chosenPort),
      KEYSTORE_DATA: home.data,
      KEYSTORE_ENV: home.envFile,
      KEYSTORE_CACHE: join(project, 'dist/cache'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  const vault: RunningVault = {
    ...home,
    url: `http://127.0.0.1:${chosenPort}`,
    process: child,
    output: () => printed,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    dispose: async () => {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await untilHealthy(vault, isUp ?? (async () => (await fetch(`${vault.url}/health`)).ok));
  return vault;
}

async function untilHealthy(vault: RunningVault, isUp: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && vault.process.exitCode === null) {
    // Its own message counts too: on the same port, an earlier vault may answer once more while it ends.
    if (vault.output().includes('Keystore is up') && (await isUp().catch(() => false))) return;
    await delay(50);
  }
  const output = vault.output();
  await vault.stop();
  throw new Error(`The vault did not come up:\n${output}`);
}

/** Below Linux's range for outgoing connections (32768 and up), where any client could take the port before the vault does. */
const portRange = { first: 20_000, end: 32_000 };

/**
 * Returns a port on which nothing listens. On Linux it stays reserved until this process ends: no other process that calls
 * this function gets the same port, so test files can run side by side.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(portRange.first, portRange.end);
    if ((await reserve(port)) && (await canListen(port))) return port;
  }
}

/** Takes the abstract socket of that name. It has one owner, leaves no file and ends with the process. Linux only. */
async function reserve(port: number): Promise<boolean> {
  return process.platform !== 'linux' || (await listenOn({ path: `\0keystore-test-port-${port}` })) !== undefined;
}

async function canListen(port: number): Promise<boolean> {
  const server = await listenOn({ host: '127.0.0.1', port });
  if (server) await new Promise((closed) => server.close(closed));
  return server !== undefined;
}

function listenOn(address: ListenOptions) {
  const server = createServer().unref();
  return new Promise<typeof server | undefined>((settle) => {
    server.once('error', () => settle(undefined));
    server.listen(address, () => settle(server));
  });
}

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** Sends one request with a JSON body and reads the JSON answer. An empty answer reads as `{}`. */
export async function ask<Body = Record<string, string>>(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : {}) as Body };
}

/** Signs in and returns the session token. */
export async function signIn(url: string, username: string, password: string): Promise<string> {
  const { status, body } = await ask<{ token: string }>(url, 'POST', '/auth/login', { body: { username, password } });
  if (status !== 200) throw new Error(`sign-in of ${username}: ${status}`);
  return body.token;
}
