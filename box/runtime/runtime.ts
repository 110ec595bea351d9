/** Runs the built worker under `wrangler dev`, as a child process that cannot outlive this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { OperatorError } from '../../core/operator-error.ts';
import type { DirectMessage } from './direct.ts';
import { databaseFile, socketFile, wranglerEnvironment } from './environment.ts';

/** Where `wrangler dev` looks for a worker's secrets, inside the run folder. */
const secretsFile = 'app/.dev.vars';

/** The address of a Unix socket may have 104 bytes on some systems, with a zero at the end. */
const maxSocketBytes = 103;

/** How long wrangler may take to stop before it is killed. */
const stopTimeoutMs = 1_500;

/** How much of the first output is quoted if wrangler ends before it listens. */
const maxQuotedLines = 20;

/** How often to look whether the worker's socket is there. */
const socketIntervalMs = 20;

const maxLineCharacters = 2_000;

export interface RuntimeOptions {
  /** The folder with wrangler.toml and dist/. */
  project: string;
  dataFolder: string;
  /** The worker's text bindings. */
  variables: Readonly<Record<string, string>>;
  /** Called with each line that the worker or wrangler prints. */
  log: (line: string) => void;
  /** Whether requests go through all of wrangler, because there is no direct way; see `direct.ts`. */
  isPlain?: boolean;
  /** Whether `variables` are others by now: then wrangler is ended where it would start its worker again with those of before. */
  isOutdated?: () => boolean;
}

/** Start again with `isPlain`. */
export class NoDirectWay extends Error {
  override name = 'NoDirectWay';
}

/** A Unix socket of the worker's own; or, with wrangler in between, a port of the loopback interface. */
type Place = { socketPath: string } | { host: string; port: number };

/** One `wrangler dev`, in its own process group. */
export interface Runtime {
  /** Resolves to where it listens. Rejects with an OperatorError if it ends before that, or with NoDirectWay. */
  listening: Promise<Place>;
  /** Resolves when it has ended, to its exit code or signal in words. */
  ended: Promise<string>;
  /** Removes the file with the secrets, which wrangler reads once, at its start. */
  forgetSecrets: () => void;
  /** Serves the build that is in dist/ now, within a second and without a restart: wrangler watches its copy. */
  reload: () => void;
  /** Ends it and its children; immediately if `force`. */
  stop: (force?: boolean) => Promise<void>;
}

/**
 * Starts the built worker under `wrangler dev`.
 *
 * It runs on a copy of wrangler.toml and dist/ in a private temporary folder, which is also its home. So it writes nothing
 * beside the sources, and a new build does not affect it. The secrets are in a file of mode 0600 in that folder, never in
 * arguments or the environment. If this process dies, `end-with-launcher.ts` ends wrangler.
 */
export function startRuntime(options: RuntimeOptions): Runtime {
  const folder = prepareFolder(options);
  const isPlain = options.isPlain || !canBeDirect(folder);
  if (isPlain) options.log('There is no direct way to the worker: the vault is slower than it could be.');
  const child = spawn(process.execPath, wranglerArguments(options), {
    cwd: join(folder, 'app'),
    env: wranglerEnvironment(options.project, folder, isPlain),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const firstLines: string[] = [];
  let workers = 0;
  let expected = 1;
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (raw) => {
      const line = plain(raw);
      if (line === '') return;
      if (firstLines.length < maxQuotedLines) firstLines.push(line);
      options.log(line);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  }).finally(() => {
    // If wrangler died, its workerd may still run.
    signalGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const listening = new Promise<Place>((resolve, reject) => {
    child.on('message', (text) => {
      const message = JSON.parse(String(text)) as { port?: number } & Partial<DirectMessage>;
      if (message.isDirect && ++workers > expected && options.isOutdated?.()) signalGroup(child, 'SIGKILL');
      else if (message.isDirect) void socketIn(folder, () => child.exitCode !== null).then(resolve);
      else if (message.isDirect === false) reject(new NoDirectWay());
      else if (isPlain) resolve({ host: '127.0.0.1', port: Number(message.port) });
    });
    void ended.then((how) => reject(new OperatorError(`wrangler ended (${how}). ${firstLines.join(' ')}`)));
  });
  listening.catch(() => {});
  return {
    listening,
    ended,
    forgetSecrets: () => rmSync(join(folder, secretsFile), { force: true }),
    reload: () => {
      // Once the runtime has ended, its folder is gone.
      if (!existsSync(folder)) return;
      expected = workers + 1;
      copyBuild(options.project, folder);
    },
    stop: async (force = false) => {
      signalGroup(child, force ? 'SIGKILL' : 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function prepareFolder({ project, variables }: RuntimeOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-'));
  try {
    // wrangler watches the folder that it runs in and reloads the worker at each change. Files that change are therefore
    // beside that folder, and the assets are in .wrangler, which it does not watch.
    mkdirSync(join(folder, 'tmp'));
    cpSync(join(project, 'wrangler.toml'), join(folder, 'app/wrangler.toml'));
    copyBuild(project, folder);
    // Not --env-file: wrangler would also load it into its own environment, which its children inherit.
    writeFileSync(join(folder, secretsFile), serialiseVariables(variables), { mode: 0o600 });
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Copies what is new in dist/ into the run folder. The worker is replaced in one step, and only if it differs: wrangler
 * reloads at each write, and two reloads in a row can leave it hanging.
 */
function copyBuild(project: string, folder: string): void {
  const isNew = (from: string, to: string) =>
    !existsSync(to) || statSync(from).isDirectory() || !readFileSync(from).equals(readFileSync(to));
  const worker = { from: join(project, 'dist/worker/index.js'), to: join(folder, 'app/index.js') };
  if (isNew(worker.from, worker.to)) {
    cpSync(worker.from, join(folder, 'index.js'));
    renameSync(join(folder, 'index.js'), worker.to);
  }
  cpSync(join(project, 'dist/worker', databaseFile), join(folder, databaseFile));
  cpSync(join(project, 'dist/ui'), join(folder, 'app/.wrangler/ui'), { recursive: true, filter: isNew });
}

function wranglerArguments({ project, dataFolder }: RuntimeOptions): string[] {
  const require = createRequire(import.meta.url);
  return [
    '--no-warnings',
    // It hardly does anything after its start.
    '--max-semi-space-size=1',
    `--import=${pathToFileURL(join(project, 'dist/worker/in-wrangler.mjs')).href}`,
    require.resolve('wrangler'),
    ...['dev', 'index.js', '--no-bundle', '--local', '--config', 'wrangler.toml', '--assets', '.wrangler/ui'],
    ...['--persist-to', dataFolder, '--ip', '127.0.0.1', '--port', '0'],
    ...['--inspector-port', '0', '--log-level', 'error', '--show-interactive-dev-session=false'],
  ];
}

/** Resolves to the worker's socket once it is there; never, if wrangler ends before. */
async function socketIn(folder: string, hasEnded: () => boolean): Promise<Place> {
  const socketPath = join(folder, socketFile);
  while (!existsSync(socketPath)) {
    await delay(socketIntervalMs);
    if (hasEnded()) return new Promise(() => {});
  }
  return { socketPath };
}

/** The address of a Unix socket has a limited length. */
function canBeDirect(folder: string): boolean {
  return Buffer.byteLength(join(folder, socketFile)) <= maxSocketBytes;
}

/**
 * Writes variables so that dotenv 16, with which wrangler reads them, reads the same values back.
 *
 * @throws OperatorError that names a variable for which there is no such notation.
 */
export function serialiseVariables(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const written = notation(value);
    if (written === undefined) {
      throw new OperatorError(
        `${name} cannot be passed to the worker: it mixes quotes with "#", line ends or a backslash at its end. Choose another value.`,
      );
    }
    return `${name}=${written}\n`;
  });
  return lines.join('');
}

/** Quotes have no escapes there, except for line ends between double quotes; a backslash before the last quote confuses it. */
function notation(value: string): string | undefined {
  const canBeQuoted = !/\\$|\0/.test(value);
  const quote = ["'", '`'].find((each) => !value.includes(each));
  if (quote !== undefined && canBeQuoted && !value.includes('\r')) return `${quote}${value}${quote}`;
  if (canBeQuoted && !/"|\\[nr]/.test(value)) return `"${value.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"`;
  return /^[^\s'"`#][^#\r\n\0]*$/.test(value) && !/\s$/.test(value) ? value : undefined;
}

/** A line without colours, control characters and wrangler's prefix, shortened. */
function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replace(/^(?:✘ )?\[ERROR\] /, '')
    .trim()
    .slice(0, maxLineCharacters);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The process group has already ended.
  }
}
