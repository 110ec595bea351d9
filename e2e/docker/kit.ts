/** A host with a vault in Docker for one test: container, volume, port, keys and backups have names of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { freePort } from '../../testing/vault.ts';

export const project = resolve(import.meta.dirname, '../..');
export const v06 = join(import.meta.dirname, 'testdata/v06');
export const v06Database = join(v06, 'keystore_backup_20250624_103000.db');
export const v06Env = join(v06, '.env_backup_20250624_103000.txt');

export type Runtime = 'wrangler' | 'standalone';
export const runtimes: Runtime[] = ['wrangler', 'standalone'];

/** The health check of each runtime. */
export const healthCheck = {
  wrangler: ['node', 'box/commands/healthcheck.ts'],
  standalone: ['/app/keystore', 'health'],
};

/** The scripts that may make a container. The others must find out its runtime. */
const choosers = ['build-and-run.sh', 'restore-data.sh'];

export interface Ran {
  code: number | null;
  /** Standard output and standard error together. */
  output: string;
  stdout: Buffer;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string | Uint8Array;
}

export async function run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  const child = launch(command, args, options);
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([
    buffer(child.stdout as NodeJS.ReadableStream),
    buffer(child.stderr as NodeJS.ReadableStream),
    new Promise<number | null>((over) => child.once('close', over)),
  ]);
  return { code, output: stdout.toString() + stderr.toString(), stdout };
}

/** Starts a process group of its own, which can be killed as a whole. */
export function launch(
  command: string,
  args: string[],
  { env = process.env, cwd = '/' }: RunOptions = {},
): ChildProcess {
  return spawn(command, args, { env, cwd, stdio: 'pipe', detached: true });
}

export function docker(...args: string[]): Promise<Ran> {
  return run('docker', args);
}

/** The output of docker, trimmed. Throws if docker fails. */
export async function ask(...args: string[]): Promise<string> {
  const { code, output } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${output}`);
  return output.trim();
}

/** The size in bytes, shared layers included. */
export async function sizeOf(image: string): Promise<number> {
  return Number(await ask('image', 'inspect', '-f', '{{.Size}}', image));
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers
  json: any;
  headers: Headers;
}

export interface Host {
  folder: string;
  envFile: string;
  backups: string;
  container: string;
  volume: string;
  url: string;
  env: Record<string, string>;
  /** The image of its vault, and the one with box/commands. */
  image: string;
  programs: string;
  /** Runs one of HelperScripts from an unrelated folder, without a terminal. */
  script: (name: string, ...args: string[]) => Promise<Ran>;
  /** Runs a command in the container. */
  inside: (...command: string[]) => Promise<Ran>;
  request: (method: string, path: string, token?: string, body?: unknown) => Promise<Answer>;
  signIn: (username: string, password: string) => Promise<string>;
  /** The keys, which must not appear anywhere. */
  secrets: () => string[];
  healthy: () => Promise<void>;
  dispose: () => Promise<void>;
}

export async function makeHost(image: string, runtime: Runtime = 'wrangler'): Promise<Host> {
  const id = randomBytes(4).toString('hex');
  // A space in every path.
  const folder = mkdtempSync(join(tmpdir(), 'keystore host '));
  const port = await freePort();
  const container = `keystore-test-${id}`;
  const volume = `keystore-test-${id}`;
  const envFile = join(folder, '.env');
  const backups = join(folder, 'backups');
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/root',
    KEYSTORE_ENV: envFile,
    KEYSTORE_BACKUPS: backups,
    KEYSTORE_DATA: join(folder, 'data'),
    KEYSTORE_CONTAINER: container,
    KEYSTORE_VOLUME: volume,
    KEYSTORE_IMAGE: image,
    KEYSTORE_PORT: `127.0.0.1:${port}`,
  };
  const host: Host = {
    ...{ folder, envFile, backups, container, volume, url, env },
    image: runtime === 'standalone' ? `${image}-standalone` : image,
    programs: runtime === 'standalone' ? `${image}-tools` : image,
    script: (name, ...args) => {
      const chosen = runtime !== 'wrangler' && choosers.includes(name) ? { RUNTIME: runtime } : {};
      return run('bash', [join(project, 'HelperScripts', name), ...args], { env: { ...host.env, ...chosen } });
    },
    inside: (...command) => docker('exec', container, ...command),
    request: (method, path, token, body) => request(url, method, path, token, body),
    signIn: async (username, password) => {
      const { status, json } = await request(url, 'POST', '/auth/login', undefined, { username, password });
      if (status !== 200) throw new Error(`${username} cannot sign in: ${status} ${JSON.stringify(json)}`);
      return json.token;
    },
    secrets: () => {
      const { SECRET_KEY = '', ENCRYPTION_KEY = '' } = parseEnv(readFileSync(envFile, 'utf8'));
      return [SECRET_KEY, ENCRYPTION_KEY];
    },
    healthy: () => untilHealthy(url),
    dispose: async () => {
      const helpers = (await ask('ps', '-aq', '--filter', `volume=${volume}`)).split('\n').filter(Boolean);
      await docker('rm', '-f', container, ...helpers);
      await docker('volume', 'rm', '-f', volume);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return host;
}

export async function request(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: unknown,
): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  return { status: response.status, json: await response.json(), headers: response.headers };
}

export async function untilHealthy(url: string, pauseMs = 100): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const healthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await delay(pauseMs);
  }
  throw new Error(`${url} does not become healthy`);
}

/** Adds keys one after another until it is stopped, and records which were acknowledged. */
export function keepWriting(
  { request }: Host,
  token: string,
  prefix: string,
): { acknowledged: string[]; stop: () => Promise<void> } {
  const acknowledged: string[] = [];
  let stopped = false;
  async function write(): Promise<void> {
    for (let number = 0; !stopped; number++) {
      const name = `${prefix}-${number}`;
      try {
        const { status } = await request('POST', '/keys', token, { key_name: name, api_key: `value of ${name}` });
        if (status === 201) acknowledged.push(name);
      } catch {
        // The vault is down: not acknowledged.
        await delay(50);
      }
    }
  }
  const writing = write();
  return {
    acknowledged,
    stop: async () => {
      stopped = true;
      await writing;
    },
  };
}

export function backupsOf({ backups }: Host): string[] {
  return readdirSync(backups)
    .filter((name) => name.endsWith('.db'))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => join(backups, name));
}
