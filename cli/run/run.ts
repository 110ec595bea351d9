/** Runs a command with values, and, if asked, starts it again when they change. */

import { setTimeout as delay } from 'node:timers/promises';
import { maxRestartMs } from '../../core/limits.ts';
import { type Naming, type Variable, variablesOf } from '../formats/variables.ts';
import { usageFailure } from '../terminal/failure.ts';
import { note } from '../terminal/output.ts';
import type { Layer } from '../vault/values.ts';
import { type Masking, onSignals, type Running, startCommand } from './child.ts';

export interface RunPlan {
  command: readonly string[];
  naming: Naming;
  /** `KEY=PATH` */
  files: readonly string[];
  filesIn: string | undefined;
  /** What the command has in its environment beside the values. */
  environment: Record<string, string>;
  masking: Masking;
  /** How often to look for changes; undefined for never. */
  watchMs: number | undefined;
  read: () => Promise<Layer[]>;
  /** A text that differs when a key has changed. It reads no value. */
  look: () => Promise<string>;
}

interface Started {
  running: Running;
  remove: () => void;
}

/** Runs the command until it ends. Returns its exit code. */
export async function runWithValues(plan: RunPlan): Promise<number> {
  let seen = plan.watchMs === undefined ? '' : await plan.look();
  let layers = await plan.read();
  let started: Started | undefined;
  let pending: NodeJS.Signals | undefined;
  const stopListening = onSignals((signal) => {
    if (started) started.running.kill(signal);
    else pending = signal;
  });
  // Also when something throws between two steps.
  const removeAll = () => started?.remove();
  process.once('exit', removeAll);
  try {
    for (;;) {
      started = await start(plan, layers);
      if (pending) started.running.kill(pending);
      const change = new AbortController();
      const changed: Promise<Change> =
        plan.watchMs === undefined ? never() : nextChange(plan, seen, layers, plan.watchMs, change.signal);
      const next = await Promise.race([started.running.ended, changed]);
      change.abort();
      if (typeof next === 'number') return next;
      ({ seen, layers } = next);
      note('A value has changed. Starting the command again.');
      const last = await endCommand(started.running);
      started.remove();
      if (pending !== undefined) return last;
      started = undefined;
    }
  } finally {
    stopListening();
    removeAll();
    process.off('exit', removeAll);
  }
}

async function start(plan: RunPlan, layers: readonly Layer[]): Promise<Started> {
  const copies = layers.map(({ folder, values }) => ({ folder, values: { ...values } }));
  const fileKeys = plan.files.length === 0 ? [] : (await import('./files.ts')).takeFiles(copies, plan.files);
  const variables = variablesOf(copies, plan.naming);
  const env = { ...plan.environment, ...environmentOf(variables) };
  const patterns = async () =>
    (await import('./masker.ts')).patternsOf([...variables, ...fileKeys].map(({ value }) => value));
  const wanted = plan.masking.stdout || plan.masking.stderr ? await patterns() : [];
  const files =
    fileKeys.length === 0
      ? undefined
      : (await import('./files.ts')).writeFiles(fileKeys, plan.naming.prefix, plan.filesIn);
  try {
    const running = await startCommand(plan.command, { ...env, ...files?.variables }, plan.masking, () => wanted);
    return { running, remove: () => files?.remove() };
  } catch (error) {
    files?.remove();
    throw error;
  }
}

function environmentOf(variables: readonly Variable[]): Record<string, string> {
  const nul = variables.find(({ value }) => value.includes('\0'));
  if (nul) throw usageFailure(`${nul.key} holds a NUL byte, which no variable can hold. Pass it with --file.`);
  // Not by assignment: `__proto__` is an ordinary name.
  return Object.fromEntries(variables.map(({ variable, value }) => [variable, value]));
}

interface Change {
  seen: string;
  layers: Layer[];
}

/** Resolves when values differ from those that the command has. A vault that cannot be reached is asked again later. */
async function nextChange(
  plan: RunPlan,
  first: string,
  layers: readonly Layer[],
  watchMs: number,
  signal: AbortSignal,
): Promise<Change> {
  let seen = first;
  let problem = '';
  for (;;) {
    await delay(watchMs, undefined, { signal }).catch(() => never());
    try {
      const now = await plan.look();
      if (now === seen) continue;
      const read = await plan.read();
      // Both readings must fit together: the next look sees what changed in between.
      seen = now;
      problem = '';
      if (JSON.stringify(read) !== JSON.stringify(layers)) return { seen, layers: read };
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) note(`${message} The command goes on with the values that it has.`);
      problem = message;
    }
  }
}

/** Asks the command to end, and makes it end if it does not. */
async function endCommand(running: Running): Promise<number> {
  running.kill('SIGTERM');
  const timer = setTimeout(() => running.kill('SIGKILL'), maxRestartMs);
  try {
    return await running.ended;
  } finally {
    clearTimeout(timer);
  }
}

function never<Nothing>(): Promise<Nothing> {
  return new Promise<Nothing>(() => {});
}
