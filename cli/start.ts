import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildIfStale } from './build.ts';
import { holdsVault, isNewVault, locateVault, markVault, migrate, openDatabase, type Vault } from './database.ts';
import { parseTrustedProxies } from './gate/client.ts';
import { closeGate } from './gate.ts';
import { generateKeys } from './generate-keys.ts';
import { listen } from './listen.ts';
import { lockDataFolder } from './lock.ts';
import { findOld, moveInAtFirstStart } from './move-in/first-start.ts';
import { explain, Refusal } from './refusal.ts';
import { completeRestore } from './restore-journal.ts';
import { type Lookup, openSettings, readSettings, readWorkerVariables, type Settings } from './settings.ts';
import { type Supervisor, superviseRuntime } from './supervisor.ts';

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
  /** Resolves when it is healthy; rejects with a Refusal that says why it is not. */
  ready: Promise<void>;
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
    const { envFile, lookup: given } = openSettings(project, env);
    const settings = readSettings(project, envFile, given);
    const trustedProxies = parseTrustedProxies(settings.trustedProxies);
    makeDataFolder(settings.dataFolder);
    unlock = lockDataFolder(settings.dataFolder);
    const upstream = () => supervisor?.address();
    const port = await listen(settings, { upstream, trustedProxies }, gates);

    const vault = locateVault(project, settings.dataFolder);
    const lookup = finishRestore(project, env, settings, given, vault, print);
    const old = findOld(vault);
    if (old !== undefined) await moveInAtFirstStart(old, { project, vault, envFile, lookup, print });
    const keyed = ensureKeys(project, env, settings, lookup, vault, print);
    const isNew = await prepareDatabase(vault, print);
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
    markVault(vault);
    print(welcome(settings, port, isNew, hasDefaults));
  }

  const ready = bringUp();
  return {
    ready,
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

/** Makes the folder for this user alone. A volume that belongs to another user will do if it lets us write. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    try {
      chmodSync(folder, 0o700);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    }
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Refusal(
      `The data folder ${folder} cannot be used (${code}). Make it that of user ${process.getuid?.() ?? 'who starts it'}, or set KEYSTORE_DATA.`,
    );
  }
}

/** Carries out a restore that was interrupted. Returns a lookup that finds the keys of what is there now. */
function finishRestore(
  project: string,
  env: StartOptions['env'],
  { envFile }: Settings,
  lookup: Lookup,
  vault: Vault,
  print: StartOptions['print'],
): Lookup {
  const completion = completeRestore(vault, envFile);
  if (completion === 'none') return lookup;
  print('Carried out a restore.');
  if (completion === 'complete') return openSettings(project, env).lookup;
  print(
    `${envFile} is not yet the restored one: run HelperScripts/restore-data.sh --finish. Its keys are used already.`,
  );
  return openSettings(project, { ...env, KEYSTORE_ENV: completion.pendingEnv }).lookup;
}

/** Makes the env file for a new vault that has no keys from elsewhere. Returns a lookup that finds both keys. */
function ensureKeys(
  project: string,
  env: StartOptions['env'],
  { envFile }: Settings,
  lookup: Lookup,
  vault: Vault,
  print: StartOptions['print'],
): Lookup {
  const missing = ['SECRET_KEY', 'ENCRYPTION_KEY'].filter((name) => lookup(name) === undefined);
  if (missing.length === 0) return lookup;
  if (holdsVault(vault)) {
    throw new Refusal(
      `${missing.join(' and ')} not found, neither in ${envFile} nor in the environment, but ${vault.folder} holds a vault that was sealed with it. Bring back the .env from your backup (backups/.env_backup_*.txt); a new key could not read it.`,
    );
  }
  if (missing.length === 1) {
    throw new Refusal(`${envFile} has no ${missing[0]}. Add it, or move the file away to have both keys made.`);
  }
  generateKeys(envFile);
  print(`Made ${relative(project, envFile)} with new keys. Keep a copy of it apart from the data.`);
  return openSettings(project, env).lookup;
}

/** Checks and migrates the database. Returns whether the vault is a new one. */
async function prepareDatabase(vault: Vault, print: StartOptions['print']): Promise<boolean> {
  const database = openDatabase(vault);
  try {
    const isNew = isNewVault(vault, database);
    const { applied, copy } = await migrate(vault, database);
    if (applied > 0) print(`Applied ${applied} migration${applied === 1 ? '' : 's'} to ${vault.folder}.`);
    if (copy !== undefined) print(`What it held before is in ${copy}.`);
    return isNew;
  } finally {
    database.close();
  }
}

async function waitUntilHealthy(url: string, supervisor: Supervisor, isOver: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  let reason = 'it did not answer';
  let unhealthySince: number | undefined;
  while (Date.now() < deadline && !isOver()) {
    const health = await askHealth(url);
    if (health === 'healthy') return;
    const failure = supervisor.failure();
    if (failure !== undefined) throw new Refusal(`The worker does not start: ${failure}`);
    if (health.final) unhealthySince ??= Date.now();
    else unhealthySince = undefined;
    reason = health.reason;
    if (unhealthySince !== undefined && Date.now() - unhealthySince > unhealthyPatienceMs) {
      throw new Refusal(`The vault is not healthy: ${reason}`);
    }
    await delay(50);
  }
  if (!isOver()) throw new Refusal(`The vault was not healthy within ${startTimeoutMs / 1000} s: ${reason}`);
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

/** Runs a vault in the foreground until a signal, or its failure to start, ends it. */
export async function main(project: string): Promise<void> {
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
  } catch (error) {
    console.error(`\n${explain(error)}`);
    await vault.stop();
    process.exit(1);
  }
}

if (import.meta.main) await main(resolve(import.meta.dirname, '..'));
