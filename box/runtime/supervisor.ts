import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../gate/forward.ts';
import { type Runtime, type RuntimeOptions, startRuntime } from './runtime.ts';

/** How often the worker is asked for a sign of life, how long it may take, and how many it may miss. */
const pulseMs = 3_000;
const pulseTimeoutMs = 4_000;
const missesAllowed = 1;
const missPauseMs = 1_000;

/** A runtime that was up this long has recovered: the next failure is a first one again. */
const recoveredMs = 60_000;
const longestPauseMs = 30_000;

/** Keeps one runtime up. */
export interface Supervisor {
  /** Where the worker listens now; undefined while it does not. */
  address: () => Address | undefined;
  /** How the last runtime ended, if one did. */
  failure: () => string | undefined;
  /** Serves the build that is in dist/ now; at once, if the last one could not start. */
  reload: () => void;
  stop: (force?: boolean) => Promise<void>;
}

/**
 * Starts the worker, and starts it again, after a pause that grows, whenever it ends or stops answering: miniflare
 * brings back a workerd that crashed, but not always one that then serves.
 *
 * @param note takes a line about each restart.
 */
export function superviseRuntime(options: RuntimeOptions, note: (line: string) => void): Supervisor {
  const stopping = new AbortController();
  let runtime = startRuntime(options);
  let address: Address | undefined;
  let failure: string | undefined;
  let pause = new AbortController();

  async function keepUp(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const started = Date.now();
      failure = await serve(runtime);
      address = undefined;
      if (stopping.signal.aborted) return;
      failures = Date.now() - started > recoveredMs ? 1 : failures + 1;
      const pauseMs = Math.min(longestPauseMs, 500 * 2 ** (failures - 1));
      note(`The worker stopped (${failure}). Starting it again in ${pauseMs / 1000} s.`);
      pause = new AbortController();
      const cutShort = AbortSignal.any([stopping.signal, pause.signal]);
      await delay(pauseMs, undefined, { signal: cutShort }).catch(() => {});
      if (!stopping.signal.aborted) runtime = startRuntime(options);
    }
  }

  /** Lets the gate send requests to a runtime once it answers, until it ends. Resolves with how it ended. */
  async function serve(current: Runtime): Promise<string> {
    const over = new AbortController();
    const ended = current.ended.finally(() => over.abort());
    try {
      const port = await current.listening;
      await watch(port, over.signal, () => {
        current.forgetSecrets();
        address = { host: '127.0.0.1', port };
      });
      if (over.signal.aborted) return await ended;
      await current.stop(true);
      return 'it no longer answered';
    } catch (error) {
      await ended;
      return (error as Error).message;
    }
  }

  const kept = keepUp();
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
      await kept;
    },
  };
}

/** Calls `onAnswer` at each sign of life. Resolves when too many were missed, or when told that it is over. */
async function watch(port: number, over: AbortSignal, onAnswer: () => void): Promise<void> {
  for (let misses = 0; misses <= missesAllowed && !over.aborted; ) {
    const answered = await answers(port);
    misses = answered ? 0 : misses + 1;
    if (answered) onAnswer();
    await delay(answered ? pulseMs : missPauseMs, undefined, { signal: over }).catch(() => {});
  }
}

/**
 * Whether the worker answers and its database does. A wrong key or an old schema is for the admin to see, not for a
 * restart to mend; but workerd never again opens a database that failed it once, as when the disk was full.
 */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
      text(response).then(
        (body) => settle(!(response.statusCode === 503 && body.includes('"reason":"database"'))),
        () => settle(false),
      );
    });
    const settle = (answered: boolean) => {
      clearTimeout(timer);
      resolve(answered);
      if (!answered) asked.destroy();
    };
    const timer = setTimeout(() => settle(false), pulseTimeoutMs);
    asked.on('error', () => settle(false));
  });
}
