/** Runs the command line as its users do: the bundled file, with a home of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from './disk-vaults.ts';

const cliFile = join(project, 'dist/cli/keystore.mjs');

/** The oldest Node.js at hand that the command line is made for: npm's scripts run with a newer one of ours. */
export const node = findNode();

function findNode(): string {
  const found = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= 20;
  });
  return found ?? process.execPath;
}

export interface CliEnded {
  code: number | null;
  stdout: string;
  stderr: string;
  bytes: Buffer;
}

interface CliOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
}

export interface Cli {
  /** Where it has its configuration, its copies, and links under which other programs call it. */
  folder: string;
  env: Record<string, string>;
  /** Runs a command to its end. */
  run: (args: readonly string[], options?: CliOptions) => Promise<CliEnded>;
  /** Runs it and expects that it succeeds. Returns what it prints. */
  ok: (args: readonly string[], options?: CliOptions) => Promise<string>;
  /** Starts it in a session of its own, without a terminal. */
  start: (args: readonly string[], options?: CliOptions) => ChildProcess;
  dispose: () => void;
}

/** A home for the command line, and what runs it there. */
export function openCli(url: string, token?: string): Cli {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-cli-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['keystore', 'git-credential-keystore', 'docker-credential-keystore']) {
    symlinkSync(cliFile, join(bin, name));
  }
  symlinkSync(node, join(bin, 'node'));
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    KEYSTORE_URL: url,
    ...(token === undefined ? {} : { KEYSTORE_TOKEN: token }),
  };
  const start = (args: readonly string[], options: CliOptions = {}) => {
    const child = spawn(node, [cliFile, ...args], {
      cwd: options.cwd ?? folder,
      env: { ...env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    return child;
  };
  const run = async (args: readonly string[], options?: CliOptions) => endOf(start(args, options));
  return {
    folder,
    env,
    start,
    run,
    async ok(args, options) {
      const { code, stdout, stderr } = await run(args, options);
      if (code !== 0) throw new Error(`keystore ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
      return stdout;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Everything that a process prints, and how it ends. */
export function endOf(child: ChildProcess): Promise<CliEnded> {
  const [out, error]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => error.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const bytes = Buffer.concat(out);
      resolve({ code, stdout: bytes.toString(), stderr: Buffer.concat(error).toString(), bytes });
    });
  });
}
