import type { Server } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTrustedProxies } from '../../core/network/address.ts';
import { locateFiles, markVault } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { closeGate } from '../gate/gate.ts';
import { listen } from '../gate/listen.ts';
import { explain, OperatorError } from '../operator-error.ts';
import { type Supervisor, superviseRuntime } from '../runtime/supervisor.ts';
import { openSettings, readSettings, readWorkerVariables, type Settings } from '../settings.ts';
import { buildIfStale } from './build.ts';
import { makeDataFolder, prepare } from './prepare.ts';

const startTimeoutMs = 60_000;
/** A worker that says for this long that it is not healthy will not become so by waiting. */
const unhealthyPatienceMs = 2_000;
/** With wrangler's own 1.5 s this stays below the 5 s in which everything must have ended. */
const drainMs = 3_000;

export interface StartOptions {
  /** The folder with wrangler.toml, migrations/ and worker/. */
  project: string;
  env: Readonly<Record<string, string | undefined>>;
  print: (line: string) => void;
}

/** A vault that is up, or on its way. */
export interface RunningVault {
  /** Resolves when it is healthy; rejects with a OperatorError that says why it is not. */
  ready: Promise<void>;
  /** Serves the build that is in dist/ now, without a restart. */
  reload: () => void;
  /** Ends everything that was started, in less than 5 s, or at once if `force`. */
  stop: (force?: boolean) => Promise<void>;
}

/** Brings a vault up: keys, database, build, worker, and the gate before it. */
export function start({ project, env, print }: StartOptions): RunningVault {
  const gates: Server[] = [];
  let supervisor: Supervisor | undefined;
  let unlock = () => {};
  let stopped = false;

  async function bringUp(): Promise<void> {
    const { envFile, lookup } = openSettings(project, env);
    const settings = readSettings(project, envFile, lookup);
    const trustedProxies = parseTrustedProxies(settings.trustedProxies, OperatorError);
    makeDataFolder(settings.dataFolder);
    unlock = lockDataFolder(settings.dataFolder);
    const upstream = () => supervisor?.address();
    const port = await listen(settings, { upstream, trustedProxies }, gates);

    const files = locateFiles(project, settings.dataFolder);
    const { pendingEnv, isNew, lookup: keyed } = await prepare({ project, env, files, envFile, lookup, print });
    if (pendingEnv !== undefined) {
      print(
        `Carried out a restore, but ${envFile} is not yet the restored one: run HelperScripts/restore-data.sh --finish. Its keys are used already.`,
      );
    }
    if (await buildIfStale(project)) print('Built the worker and the UI.');
    if (stopped) return;
    const variables = readWorkerVariables(keyed);
    const hasDefaults = isNew && !('ADMIN_PASSWORD' in variables);
    if (hasDefaults) variables.FIRST_ACCOUNTS = 'default';
    const { dataFolder } = settings;
    const log = (line: string) => {
      // What wrangler says of being ended is nothing that anyone must hear.
      if (!stopped) print(`worker: ${line}`);
    };
    supervisor = superviseRuntime({ project, dataFolder, variables, log }, print);
    await waitUntilHealthy(`http://${probeHost(settings)}:${port}/health`, supervisor, () => stopped);
    if (stopped) return;
    markVault(files);
    print(welcome(settings, port, isNew, hasDefaults));
  }

  const ready = bringUp();
  return {
    ready,
    reload: () => supervisor?.reload(),
    stop: async (force = false) => {
      stopped = true;
      await Promise.all(gates.map((gate) => closeGate(gate, force ? 0 : drainMs)));
      await supervisor?.stop(force);
      // Until it has noticed, the start may still be using what is let go of here.
      await ready.catch(() => {});
      await supervisor?.stop(force);
      unlock();
    },
  };
}

async function waitUntilHealthy(url: string, supervisor: Supervisor, isOver: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  let reason = 'it did not answer';
  let unhealthySince: number | undefined;
  while (Date.now() < deadline && !isOver()) {
    const health = await askHealth(url);
    if (health === 'healthy') return;
    const failure = supervisor.failure();
    if (failure !== undefined) throw new OperatorError(`The worker does not start: ${failure}`);
    if (health.final) unhealthySince ??= Date.now();
    else unhealthySince = undefined;
    reason = health.reason;
    if (unhealthySince !== undefined && Date.now() - unhealthySince > unhealthyPatienceMs) {
      throw new OperatorError(`The vault is not healthy: ${reason}`);
    }
    await delay(50);
  }
  if (!isOver()) throw new OperatorError(`The vault was not healthy within ${startTimeoutMs / 1000} s: ${reason}`);
}

/** Asks through the gate. The gate's own answers say Retry-After: waiting may help; the worker's mean what they say. */
async function askHealth(url: string): Promise<'healthy' | { reason: string; final: boolean }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (response.ok) return 'healthy';
    const { reason, error } = JSON.parse(text) as { reason?: unknown; error?: unknown };
    return { reason: String(reason ?? error), final: !response.headers.has('retry-after') };
  } catch (error) {
    return { reason: (error as Error).message, final: false };
  }
}

function probeHost({ hosts: [host = ''] }: Settings): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function welcome({ hosts }: Settings, port: number, isNew: boolean, hasDefaults: boolean): string {
  const local = hosts.every((host) => host === '127.0.0.1' || host === '::1');
  const signIn = hasDefaults
    ? 'Sign in as admin / admin123 or user / user123, and change both passwords.'
    : isNew
      ? 'Sign in as admin with the password that ADMIN_PASSWORD sets.'
      : 'Sign in with your account.';
  const reach = local
    ? 'Only this machine can reach it; HOST=0.0.0.0 npm start opens it to your network.'
    : `Whoever reaches ${hosts.join(', ')} can reach it, unencrypted: put TLS in front, and change default passwords first.`;
  return `\nKeystore is up: http://localhost:${port}\n${signIn}\n${reach}\nCtrl-C stops it.\n`;
}

/** Runs a vault in the foreground until a signal, or its failure to start, ends it. Returns it once it is up. */
export async function main(project: string): Promise<RunningVault> {
  process.umask(0o077);
  const vault = start({ project, env: process.env, print: (line) => console.log(line) });
  let signals = 0;
  const stop = async (signal: NodeJS.Signals) => {
    signals++;
    if (signals === 1)
      console.log(signal === 'SIGINT' ? '\nStopping. Press Ctrl-C again to stop at once.' : 'Stopping.');
    await vault.stop(signals > 1);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
  try {
    await vault.ready;
    return vault;
  } catch (error) {
    console.error(`\n${explain(error)}`);
    await vault.stop();
    process.exit(1);
  }
}

if (import.meta.main) await main(resolve(import.meta.dirname, '../..'));
