/** `npm start`: brings a vault up on `wrangler dev` behind the gate, and ends it. */

import { statSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { maxDrainMs, maxHealthAnswerMs, maxStartMs, maxUnhealthyStartMs } from '../../core/limits.ts';
import { parseTrustedProxies } from '../../core/network/address.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences, welcome } from '../../core/settings/messages.ts';
import { isLocalOnly, localOnlyVariable } from '../../core/settings/reach.ts';
import type { Settings } from '../../core/settings/settings.ts';
import { readWorkerVariables } from '../../core/settings/settings.ts';
import { keepPinned } from '../audit/pin-file.ts';
import { settleLog } from '../data/copy-database.ts';
import { markVault } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { explain } from '../explain.ts';
import { closeGate } from '../gate/gate.ts';
import { listen } from '../gate/listen.ts';
import { readNewestBackup } from '../gate/newest-backup.ts';
import { watchSpace } from '../gate/space.ts';
import { type HasherServer, startHasher } from '../runtime/hasher.ts';
import { type Supervisor, superviseRuntime } from '../runtime/supervisor.ts';
import { buildIfStale } from './build.ts';
import { openDesk } from './command.ts';
import { whenNpmEnds } from './npm.ts';
import { makeDataFolder, prepare } from './prepare.ts';
import { rememberSeals } from './remember-seals.ts';

/** How a line begins that the worker writes of its log (LOG_STDOUT). */
const eventStart = '{"id":';

/** A vault that is up, or starting. */
export interface RunningVault {
  /** Resolves when it is healthy; rejects with an OperatorError that says why it is not. */
  ready: Promise<void>;
  /** Serves the build that is in dist/ now, without a restart. */
  reload: () => void;
  /** Ends everything that was started, in less than 5 s, or at once if `force`. */
  stop: (force?: boolean) => Promise<void>;
}

/**
 * Brings a vault up: gate, keys, database, build and worker.
 *
 * @param project the folder with wrangler.toml, migrations/ and worker/.
 */
export function start(project: string, env: NodeJS.ProcessEnv, print: (line: string) => void): RunningVault {
  const gates: Server[] = [];
  let supervisor: Supervisor | undefined;
  let hasher: HasherServer | undefined;
  let pinned: ReturnType<typeof keepPinned> | undefined;
  let lock: DisposableStack | undefined;
  /** The file of the database, once the vault has been up. */
  let database: string | undefined;
  let stopped = false;

  async function bringUp(): Promise<void> {
    const { settings, files, envFile } = openDesk(project, env);
    const trustedProxies = parseTrustedProxies(settings.trustedProxies);
    if (settings.pinFile !== null) checkPinFile(settings.pinFile);
    makeDataFolder(settings.dataFolder);
    lock = lockDataFolder(settings.dataFolder);
    const upstream = () => supervisor?.address();
    const isSpaceLow = watchSpace(settings.dataFolder, settings.minFreeMegabytes);
    let hasMetrics = false;
    const newestBackup = async () => (hasMetrics ? readNewestBackup(settings.dataFolder) : undefined);
    const port = await listen(settings, { upstream, trustedProxies, isSpaceLow, newestBackup }, gates);
    const { pendingEnv, isNew, isSealed, lookup } = await prepare(project, env, print);
    if (pendingEnv !== undefined) {
      print(
        `Carried out a restore, except for ${envFile}: run HelperScripts/restore-data.sh --finish. The restored keys are in use already.`,
      );
    }
    if (await buildIfStale(project)) print('Built the worker and the UI.');
    hasher = await startHasher();
    if (stopped) return;
    const variables = readWorkerVariables(lookup);
    hasMetrics = 'METRICS_TOKEN' in variables;
    if (isSealed) variables.REQUIRE_SEALS ??= 'true';
    const hasDefaults = isNew && !('ADMIN_PASSWORD' in variables);
    if (hasDefaults) variables.FIRST_ACCOUNTS = 'default';
    const isLocal = isLocalOnly(settings, lookup);
    if (isLocal) Object.assign(variables, localOnlyVariable);
    Object.assign(variables, hasher.variables);
    const { dataFolder } = settings;
    const log = (line: string) => {
      // While the vault stops, wrangler only reports that it was ended.
      if (line.startsWith(eventStart) && 'LOG_STDOUT' in variables) print(line);
      else if (!stopped) print(`worker: ${line}`);
    };
    supervisor = superviseRuntime({ project, dataFolder, variables, log }, print);
    const warning = await waitUntilHealthy(`http://${probeHost(settings)}:${port}/health`, supervisor, () => stopped);
    if (stopped) return;
    markVault(files);
    database = files.file;
    if (pendingEnv === undefined) rememberSeals(openDesk(project, env), print);
    // For a worker that is started again.
    variables.REQUIRE_SEALS ??= 'true';
    if (settings.pinFile !== null) pinned = keepPinned(files.file, settings.pinFile, print);
    if (warning !== undefined) print(warning);
    const basePath = variables.BASE_PATH;
    const how = { basePath, isNew, hasPassword: !hasDefaults, hasTls: false, isLocal, command: 'npm start' };
    print(welcome({ ...settings, ...how, port }));
  }

  const ready = bringUp();
  return {
    ready,
    reload: () => supervisor?.reload(),
    stop: async (force = false) => {
      stopped = true;
      await Promise.all(gates.map((gate) => closeGate(gate, force ? 0 : maxDrainMs)));
      await supervisor?.stop(force);
      // The start may still be using the folder until it notices the stop, so the lock is released after it.
      await ready.catch(() => {});
      await supervisor?.stop(force);
      hasher?.close();
      await pinned?.stop();
      if (database !== undefined && !force) settleLog(database);
      lock?.dispose();
    },
  };
}

/** @throws OperatorError if the folder for the file is not there. */
function checkPinFile(file: string): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new OperatorError(sentences.pinFolderMissing(folder));
  }
}

/** Resolves to a warning for the operator, if there is one. */
async function waitUntilHealthy(
  url: string,
  supervisor: Supervisor,
  isOver: () => boolean,
): Promise<string | undefined> {
  const deadline = Date.now() + maxStartMs;
  let reason = 'it did not answer';
  let unhealthySince: number | undefined;
  while (Date.now() < deadline && !isOver()) {
    const health = await askHealth(url);
    if ('isHealthy' in health) return health.warning;
    const failure = supervisor.failure();
    if (failure !== undefined) throw new OperatorError(`The worker does not start: ${failure}`);
    if (health.final) unhealthySince ??= Date.now();
    else unhealthySince = undefined;
    reason = health.reason;
    if (unhealthySince !== undefined && Date.now() - unhealthySince > maxUnhealthyStartMs) {
      throw new OperatorError(sentences.notHealthy(reason));
    }
    await delay(50);
  }
  if (!isOver()) throw new OperatorError(`The vault was not healthy within ${maxStartMs / 1000} s: ${reason}`);
  return undefined;
}

/** Asks through the gate. An answer with Retry-After comes from the gate and may change; the worker's answer is final. */
async function askHealth(
  url: string,
): Promise<{ isHealthy: true; warning?: string } | { reason: string; final: boolean }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(maxHealthAnswerMs) });
    const { error, warning } = JSON.parse(await response.text()) as { error?: unknown; warning?: string };
    if (response.ok) return { isHealthy: true, ...(warning && { warning }) };
    return { reason: String(error), final: !response.headers.has('retry-after') };
  } catch (error) {
    return { reason: (error as Error).message, final: false };
  }
}

function probeHost({ hosts: [host = ''] }: Settings): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Runs a vault in the foreground until a signal, or its failure to start, ends it. Returns it once it is up. */
export async function main(project: string): Promise<RunningVault> {
  process.umask(0o077);
  const vault = start(project, process.env, console.log);
  let signals = 0;
  const stop = async (signal: NodeJS.Signals) => {
    signals++;
    if (signals === 1)
      console.log(signal === 'SIGINT' ? '\nStopping. Press Ctrl-C again to stop at once.' : 'Stopping.');
    await vault.stop(signals > 1);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
  whenNpmEnds(process.env, () => void stop('SIGTERM'));
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
