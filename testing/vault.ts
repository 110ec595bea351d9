import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The real thing: `npm start`'s own entry, or the standalone file, on a free port and a folder of its own. */

const project = resolve(import.meta.dirname, '..');
const startTimeoutMs = 60_000;

export type Runtime = 'wrangler' | 'standalone';

/** Which one a suite runs against that runs against both: vitest.config.ts says it. */
const suiteRuntime: Runtime = process.env.KEYSTORE_RUNTIME === 'standalone' ? 'standalone' : 'wrangler';

const commands: Record<Runtime, [string, ...string[]]> = {
  wrangler: [process.execPath, 'box/commands/start.ts'],
  standalone: [join(project, 'dist/keystore')],
};

export interface RunningVault {
  url: string;
  /** The folder that holds `data/` and `.env`; gone after `dispose`. */
  folder: string;
  dataFolder: string;
  envFile: string;
  process: ChildProcess;
  /** What it has printed so far. */
  output: () => string;
  /** Ends it as Ctrl-C does, and keeps its folder. */
  stop: () => Promise<void>;
  /** Ends it as a power cut does, and keeps its folder. */
  kill: () => Promise<void>;
  /** Ends it and removes its folder. */
  dispose: () => Promise<void>;
}

export interface VaultOptions {
  /** A folder to start again in; by default a new one. */
  folder?: string;
  port?: number;
  env?: Record<string, string>;
  runtime?: Runtime;
  /** Another standalone file than this project's. */
  standaloneFile?: string;
  /** Whether it is up; by default its /health is asked over plain HTTP. */
  isUp?: () => Promise<boolean>;
}

/** Starts a vault and waits until it is healthy. */
export const startVault = async ({
  folder = mkdtempSync(join(tmpdir(), 'keystore-e2e-')),
  port,
  env = {},
  runtime = suiteRuntime,
  standaloneFile,
  isUp,
}: VaultOptions = {}): Promise<RunningVault> => {
  const chosen = port ?? (await freePort());
  const dataFolder = join(folder, 'data');
  const envFile = join(folder, '.env');
  const [command, ...args] = standaloneFile === undefined ? commands[runtime] : [standaloneFile];
  const child = spawn(command, args, {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      PORT: String(chosen),
      KEYSTORE_DATA: dataFolder,
      KEYSTORE_ENV: envFile,
      KEYSTORE_CACHE: join(project, 'dist/cache'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const ended = new Promise<void>((over) => child.once('exit', () => over()));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  const vault: RunningVault = {
    url: `http://127.0.0.1:${chosen}`,
    folder,
    dataFolder,
    envFile,
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
};

const untilHealthy = async (vault: RunningVault, isUp: () => Promise<boolean>) => {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && vault.process.exitCode === null) {
    // By its own word too: on the same port the one before may answer once more while it ends.
    if (vault.output().includes('Keystore is up') && (await isUp().catch(() => false))) return;
    await delay(50);
  }
  const said = vault.output();
  await vault.stop();
  throw new Error(`The vault did not come up:\n${said}`);
};

/**
 * A port that nobody listens on, below those that Linux gives to outgoing connections (from 32768 on): one of those could
 * be taken again by any client of any test before the vault is there.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((found) => {
    const server = createServer().once('error', () => found(false));
    server.listen(port, '127.0.0.1', () => server.close(() => found(true)));
  });

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** Speaks JSON to a vault. */
export const ask = async <Body = Record<string, string>>(
  url: string,
  method: string,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> => {
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
};

/** Signs in and answers the token. */
export const signIn = async (url: string, username: string, password: string): Promise<string> => {
  const { status, body } = await ask<{ token: string }>(url, 'POST', '/auth/login', { body: { username, password } });
  if (status !== 200) throw new Error(`sign-in of ${username}: ${status}`);
  return body.token;
};
