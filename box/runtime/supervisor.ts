/** Keeps the worker running: starts its runtime, checks its health, and restarts it when it ends or hangs. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { maxStartMs } from '../../core/limits.ts';
import { gateHeader } from '../../core/network/gate-header.ts';
import type { Address } from '../gate/forward.ts';
import { NoDirectWay, type Runtime, type RuntimeOptions, startRuntime } from './runtime.ts';

/** When to check the worker's health, and how many checks in a row may fail before it is restarted. */
const checkIntervalMs = 3_000;
const checkTimeoutMs = 4_000;
const maxFailedChecks = 1;
const recheckDelayMs = 1_000;

/** The pause before a restart doubles with each failure, until a runtime has been up for `recoveryMs`. */
const minRestartDelayMs = 500;
const maxRestartDelayMs = 30_000;
const recoveryMs = 60_000;

export interface Supervisor {
  /** The worker's current address; undefined while it does not answer. */
  address: () => Address | undefined;
  /** Why the last runtime ended; undefined if none has ended. */
  failure: () => string | undefined;
  /** Serves the build that is in dist/ now; at once, if the last one could not start. */
  reload: () => void;
  stop: (force?: boolean) => Promise<void>;
}

/**
 * Starts the worker, and restarts it whenever it ends or stops answering. miniflare itself restarts a workerd that
 * crashed, but the new one does not always answer.
 *
 * @param note called with a line about each restart.
 */
export function superviseRuntime(given: RuntimeOptions, note: (line: string) => void): Supervisor {
  // Every user of this machine reaches the runtime's ports, if it listens on any: the worker answers only who knows this.
  const secret = randomBytes(32).toString('base64url');
  const options: RuntimeOptions = {
    ...given,
    /** Read at each start: the caller may have changed some. */
    get variables() {
      return { ...given.variables, GATE_SECRET: secret };
    },
  };
  const begin = () => {
    const used = JSON.stringify(given.variables);
    return startRuntime({ ...options, isOutdated: () => JSON.stringify(given.variables) !== used });
  };
  const stopping = new AbortController();
  let runtime = begin();
  let address: Address | undefined;
  let failure: string | undefined;
  let pause = new AbortController();

  async function keepUp(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const started = Date.now();
      failure = await serve(runtime);
      address = undefined;
      if (stopping.signal.aborted) return;
      failures = Date.now() - started > recoveryMs ? 1 : failures + 1;
      const delayMs = Math.min(maxRestartDelayMs, minRestartDelayMs * 2 ** (failures - 1));
      note(`The worker stopped (${failure}). Starting it again in ${delayMs / 1000} s.`);
      pause = new AbortController();
      const cutShort = AbortSignal.any([stopping.signal, pause.signal]);
      await delay(delayMs, undefined, { signal: cutShort }).catch(() => {});
      if (!stopping.signal.aborted) runtime = begin();
    }
  }

  /** Publishes a runtime's address once it answers, until it ends or hangs. Resolves to the reason. */
  async function serve(current: Runtime): Promise<string> {
    const stopped = new AbortController();
    const ended = current.ended.finally(() => stopped.abort());
    try {
      const worker = { ...(await current.listening), secret };
      await watchHealth(worker, stopped.signal, () => {
        current.forgetSecrets();
        address = worker;
      });
      if (stopped.signal.aborted) return await ended;
      await current.stop(true);
      return 'it stopped answering';
    } catch (error) {
      if (!(error instanceof NoDirectWay)) {
        await ended;
        return (error as Error).message;
      }
      await current.stop(true);
      options.isPlain = true;
      if (stopping.signal.aborted) return 'it was stopped';
      runtime = begin();
      return serve(runtime);
    }
  }

  const running = keepUp();
  return {
    address: () => address,
    failure: () => failure,
    reload: () => {
      runtime.reload();
      pause.abort();
    },
    stop: async (force) => {
      stopping.abort();
      await runtime.stop(force);
      await running;
    },
  };
}

/**
 * Calls `onAnswer` after each successful check. Resolves after too many failed checks, or when `stopped` is aborted. A worker that
 * has not answered yet may still be starting, on a machine that is busy.
 */
async function watchHealth(worker: Address, stopped: AbortSignal, onAnswer: () => void): Promise<void> {
  let patientUntil = Date.now() + maxStartMs;
  for (let failed = 0; failed <= maxFailedChecks && !stopped.aborted; ) {
    const health = await check(worker);
    const isWell = health === 'well';
    const isStarting = health === 'silent' && Date.now() < patientUntil;
    if (isWell) {
      failed = 0;
      patientUntil = 0;
      onAnswer();
    } else if (!isStarting) failed++;
    await delay(isWell ? checkIntervalMs : recheckDelayMs, undefined, { signal: stopped }).catch(() => {});
  }
}

/**
 * Whether the worker and its database answer. Other faults, such as a wrong key or an old schema, are for the admin: a
 * restart does not fix them. It does fix a database that failed once, for example on a full disk, since workerd never
 * opens such a database again.
 */
async function check(worker: Address): Promise<'well' | 'ill' | 'silent'> {
  try {
    const { status, body } = await ask(worker);
    return status === 503 && body.includes('"reason":"database"') ? 'ill' : 'well';
  } catch {
    return 'silent';
  }
}

/** Asks on a connection of its own, so that the check also sees a worker that accepts no new ones. */
async function ask({ secret, ...place }: Address): Promise<{ status: number; body: string }> {
  const headers = { Host: 'localhost', Connection: 'close', ...(secret !== undefined && { [gateHeader]: secret }) };
  const signal = AbortSignal.timeout(checkTimeoutMs);
  const sent = request({ ...place, agent: false, path: '/health', headers, signal }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
