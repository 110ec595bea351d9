/** Measures all runtimes with one size of vault, side by side. */
import { setTimeout as delay } from 'node:timers/promises';
import { load } from './load.ts';
import { memoryAfterReads, memoryOfLists } from './memory.ts';
import { type Plan, rates } from './plan.ts';
import { type Extras, type Line, median, type Round } from './report.ts';
import { measureSignIns } from './sign-ins.ts';
import type { Target } from './targets.ts';

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
    let unit: number | undefined;
    for (let round = 0; round < plan.rounds; round++) {
      const measured = await measureRound(plan, targets, inTurn, connections);
      unit = measured.find(({ target, operation }) => target.name === 'yardstick' && operation === 'read')?.perSecond;
      for (const { target, operation, ...each } of measured) {
        const key = `${target.name} ${operation}`;
        const entry = rounds.get(key) ?? { target, operation, rounds: [] };
        entry.rounds.push({ ...each, ratio: unit === undefined ? undefined : each.perSecond / unit });
        rounds.set(key, entry);
      }
    }
    for (const { target, operation, rounds: all } of rounds.values())
      lines.push({ runtime: target.name, vault, connections, operation, ...median(all) });
    if (plan.operations.includes('login') && connections <= maxLoginConnections)
      lines.push(...(await measureLogins(targets, vault, connections, unit)));
  }
  return lines;
}

async function warmUp({ warmUpSeconds }: Plan, target: Target, operation: string): Promise<void> {
  const requests = target.requests(operation);
  if (requests) await load(target, requests, warmUpConnections, warmUpSeconds);
}

async function measureRound(
  { seconds }: Plan,
  targets: readonly Target[],
  operations: readonly string[],
  connections: number,
) {
  const measured = [];
  for (const operation of operations) {
    for (const target of targets) {
      const requests = target.requests(operation);
      if (requests) measured.push({ target, operation, ...(await load(target, requests, connections, seconds)) });
    }
  }
  return measured;
}

async function measureLogins(
  targets: readonly Target[],
  vault: string,
  connections: number,
  unit: number | undefined,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const target of targets) {
    const requests = target.requests('login');
    if (!requests) continue;
    const measured = await load(target, requests, connections, loginSeconds);
    const ratio = unit === undefined ? undefined : measured.perSecond / unit;
    lines.push({ runtime: target.name, vault, connections, operation: 'login', ...measured, ratio });
  }
  return lines;
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
    if (target.name === 'yardstick') continue;
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
