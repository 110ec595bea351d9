import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { OperatorError } from '../operator-error.ts';
import { workerdPath } from './installed.ts';

/** Where `wrangler dev` looks for a worker's secrets, in its run folder. */
const secretsFile = 'app/.dev.vars';

/** How long wrangler may take to go by itself before it is killed. */
const goodbyeMs = 1_500;

export interface RuntimeOptions {
  /** The folder with wrangler.toml and dist/. */
  project: string;
  dataFolder: string;
  /** What the worker gets as its bindings. */
  variables: Readonly<Record<string, string>>;
  /** Takes each line that the worker logs. */
  log: (line: string) => void;
}

/** One `wrangler dev`, in a process group of its own. */
export interface Runtime {
  /** The loopback port it listens on; rejects if it ends before it listens. */
  listening: Promise<number>;
  /** Resolves when it has ended, with how. */
  ended: Promise<string>;
  /** Removes the file that handed it the secrets. It reads them once. */
  forgetSecrets: () => void;
  /** Ends it and all that it started; at once if `force`. */
  stop: (force?: boolean) => Promise<void>;
}

/**
 * Starts the built worker under `wrangler dev` on a free port of 127.0.0.1.
 *
 * It runs on a copy of wrangler.toml and of dist/, in a private temporary folder that is also its home: nothing is
 * written beside the sources, and a build while it runs changes nothing. The secrets go by a file of mode 0600 in there,
 * never by argument or environment. If this process dies, `leash.ts` ends what it started.
 */
export function startRuntime(options: RuntimeOptions): Runtime {
  const folder = prepareFolder(options);
  const child = spawn(process.execPath, wranglerArguments(options.dataFolder), {
    cwd: join(folder, 'app'),
    env: wranglerEnvironment(folder),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (raw) => {
      const line = plain(raw);
      if (line === '') return;
      if (said.length < 20) said.push(line);
      options.log(line);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  }).finally(() => {
    // wrangler may have died alone, and left workerd behind.
    signalGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const listening = new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(JSON.parse(String(message)).port)));
    void ended.then((how) => reject(new OperatorError(`wrangler ended (${how}). ${said.join(' ')}`)));
  });
  listening.catch(() => {});
  return {
    listening,
    ended,
    forgetSecrets: () => rmSync(join(folder, secretsFile), { force: true }),
    stop: async (force = false) => {
      signalGroup(child, force ? 'SIGKILL' : 'SIGTERM');
      const patience = new AbortController();
      const impatience = delay(goodbyeMs, undefined, { signal: patience.signal }).then(
        () => signalGroup(child, 'SIGKILL'),
        () => {},
      );
      await ended;
      patience.abort();
      await impatience;
    },
  };
}

function prepareFolder({ project, variables }: RuntimeOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-'));
  try {
    // wrangler watches the folder that it runs in, and restarts the worker at each change: what changes lies beside it,
    // and the assets in the folder that it takes for its own.
    mkdirSync(join(folder, 'tmp'));
    cpSync(join(project, 'wrangler.toml'), join(folder, 'app/wrangler.toml'));
    cpSync(join(project, 'dist/worker/index.js'), join(folder, 'app/index.js'));
    cpSync(join(project, 'dist/ui'), join(folder, 'app/.wrangler/ui'), { recursive: true });
    // Not --env-file: wrangler loads that into its own environment too, which its children inherit.
    writeFileSync(join(folder, secretsFile), serialiseVariables(variables), { mode: 0o600 });
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function wranglerArguments(dataFolder: string): string[] {
  const require = createRequire(import.meta.url);
  return [
    '--no-warnings',
    `--import=${new URL('leash.ts', import.meta.url).href}`,
    require.resolve('wrangler'),
    ...['dev', 'index.js', '--no-bundle', '--local', '--config', 'wrangler.toml', '--assets', '.wrangler/ui'],
    ...['--persist-to', dataFolder, '--ip', '127.0.0.1', '--port', '0'],
    ...['--inspector-port', '0', '--log-level', 'error', '--show-interactive-dev-session=false'],
  ];
}

/** All of wrangler's environment; none of ours is inherited. */
function wranglerEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    XDG_CONFIG_HOME: folder,
    KEYSTORE_RUN_FOLDER: folder,
    // No SQL explorer on a URL, no record of requests beside the data, no registry with a debug port of workerd's.
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    WRANGLER_REGISTRY_PATH: '',
    // No inspector: neither workerd's own (see ./workerd) nor wrangler's proxy for it, which this variable switches off.
    MINIFLARE_WORKERD_PATH: fileURLToPath(new URL('workerd', import.meta.url)),
    KEYSTORE_WORKERD: workerdPath(),
    VSCODE_INSPECTOR_OPTIONS: 'off',
    // No calls out: request metadata, metrics, versions.
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    // Nothing watched, nothing asked, nothing written elsewhere.
    WRANGLER_CI_DISABLE_CONFIG_WATCHING: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    CI: 'true',
    NO_COLOR: '1',
  };
}

/** Writes variables the way that dotenv reads them back exactly: in a quote that the value does not contain. */
export function serialiseVariables(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const quote = ["'", '`'].find((each) => !value.includes(each));
    if (quote === undefined || /\\$|[\r\0]/.test(value)) {
      throw new OperatorError(
        `${name} cannot be passed on: it has both ' and \`, or a carriage return, or ends in a backslash. Choose another.`,
      );
    }
    return `${name}=${quote}${value}${quote}\n`;
  });
  return lines.join('');
}

/** A line without colours, wrangler's decoration and whatever else a terminal would act upon; bounded. */
function plain(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replace(/^(?:✘ )?\[ERROR\] /, '')
    .trim()
    .slice(0, 2_000);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
