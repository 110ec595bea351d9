/** Measures all runtimes with one size of vault, side by side. */
import { setTimeout as delay } from 'node:timers/promises';
import { load, type Measured } from './load.ts';
import { memoryAfterReads, memoryOfLists } from './memory.ts';
import { type Plan, rates } from './plan.ts';
import { type Extras, type Line, median, type Round } from './report.ts';
import { measureSignIns } from './sign-ins.ts';
import type { Target } from './targets.ts';
import { yardstickName } from './yardstick.ts';

const warmUpConnections = 16;
/** Sign-ins are hashed one at a time, so more of them at once only wait longer. */
const maxLoginConnections = 16;
const loginSeconds = 5;
const minuteSeconds = 60;
const manyLists = 64;
/** From so many keys on, lists are what takes memory. */
const minKeysOfManyLists = 1_000;

/**
 * Measures operations as rates. All targets and operations are measured in turn, round after round, so that changes of the
 * machine's speed hit all of them.
 */
export async function measureRates(plan: Plan, targets: readonly Target[], vault: string): Promise<Line[]> {
  const inTurn = rates.filter((operation) => operation !== 'login' && plan.operations.includes(operation));
  if (inTurn.length > 0) {
    for (const target of targets) for (const operation of inTurn) await warmUp(plan, target, operation);
  }
  const lines: Line[] = [];
  for (const connections of plan.connections) {
    const rounds = new Map<string, { target: Target; operation: string; rounds: Round[] }>();
    for (let round = 0; round < plan.rounds; round++) {
      for (const operation of inTurn) {
        for (const { target, ...measured } of await measureBeside(targets, operation, connections, plan.seconds)) {
          const key = `${target.name} ${operation}`;
          const entry = rounds.get(key) ?? { target, operation, rounds: [] };
          entry.rounds.push(measured);
          rounds.set(key, entry);
        }
      }
    }
    for (const { target, operation, rounds: all } of rounds.values())
      lines.push({ runtime: target.name, vault, connections, operation, ...median(all) });
    if (!plan.operations.includes('login') || connections > maxLoginConnections) continue;
    for (const { target, ...measured } of await measureBeside(targets, 'login', connections, loginSeconds))
      lines.push({ runtime: target.name, vault, connections, operation: 'login', ...measured });
  }
  return lines;
}

async function warmUp({ warmUpSeconds }: Plan, target: Target, operation: string): Promise<void> {
  const requests = target.requests(operation);
  if (requests) await load(target, requests, warmUpConnections, warmUpSeconds);
}

/** Measures one operation of each target that has it, and right beside them the yardstick's read. */
async function measureBeside(
  targets: readonly Target[],
  operation: string,
  connections: number,
  seconds: number,
): Promise<(Round & { target: Target })[]> {
  const measured: (Measured & { target: Target })[] = [];
  let unit: number | undefined;
  for (const target of targets) {
    const requests = target.requests(operation);
    if (requests) measured.push({ target, ...(await load(target, requests, connections, seconds)) });
    if (target.name !== yardstickName) continue;
    unit =
      operation === 'read'
        ? measured.at(-1)?.perSecond
        : (await load(target, target.requests('read') ?? [], connections, seconds)).perSecond;
  }
  return measured.map((each) => ({ ...each, ratio: unit === undefined ? undefined : each.perSecond / unit }));
}

/** Measures what is no rate. `isFirst` says whether this is the first size of vault. */
export async function measureExtras(
  { operations }: Plan,
  targets: readonly Target[],
  vault: string,
  isFirst: boolean,
): Promise<Extras[]> {
  const all: Extras[] = [];
  for (const target of targets) {
    const extras: Extras = { runtime: target.name, vault, startMs: target.startMs };
    all.push(extras);
    if (target.name === yardstickName) continue;
    if (isFirst && operations.includes('minute'))
      extras.memoryAfterMinuteMb = await memoryAfterReads(target, minuteSeconds);
    if (isFirst && operations.includes('sign-ins')) extras.signIns = await measureSignIns(target);
    if (Number.parseInt(vault, 10) >= minKeysOfManyLists && operations.includes('list'))
      extras.manyLists = await memoryOfLists(target, manyLists);
    // What it has put off is done before the next one is measured.
    await delay(1_000);
  }
  return all;
}
