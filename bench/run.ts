/**
 * `npm run bench`: starts each runtime in a temporary folder, fills it, warms it up and measures it from this machine. Load is
 * bounded and goes to 127.0.0.1. Prints a table and writes bench/results/<time>.json.
 *
 *   --runtime wrangler,standalone   --connections 1,16,64   --seconds 3   --rounds 3
 *   --vault 10x1000,10000x1000000   keys x log rows         --operations live,read,write,list,logs,login
 *   --quick                         one round of a second, 16 connections, the small vault
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildStandalone } from '../box/commands/build-standalone.ts';
import { project } from '../testing/disk-vaults.ts';
import type { Runtime } from '../testing/vault.ts';
import { measureCrypto } from './crypto-bench.ts';
import { load, type Measured } from './load.ts';
import { type Line, median, type Round, table } from './report.ts';
import { type Operation, operations, requestsFor } from './requests.ts';
import { startFilled } from './vault.ts';

const warmUpConnections = 16;
const warmUpSeconds = 3;
/** Long enough for some dozens of sign-ins, which are hashed one at a time. */
const loginSeconds = 10;
const maxHashMs = 250;

type Plan = ReturnType<typeof readPlan>;

function readPlan() {
  const { values: given } = parseArgs({
    options: {
      runtime: { type: 'string', default: 'wrangler,standalone' },
      connections: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      vault: { type: 'string' },
      operations: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const { quick } = given;
  const asked = given.operations?.split(',') ?? operations;
  return {
    runtimes: given.runtime.split(',') as Runtime[],
    connections: (given.connections ?? (quick ? '16' : '1,16,64')).split(',').map(Number),
    seconds: Number(given.seconds ?? (quick ? 1 : 3)),
    rounds: Number(given.rounds ?? (quick ? 1 : 3)),
    // `<keys>x<log rows>`
    vaults: (given.vault ?? (quick ? '10x1000' : '10x1000,10000x1000000')).split(','),
    // The others are reported as shares of `live`.
    operations: operations.filter((operation) => operation === 'live' || asked.includes(operation)),
  };
}

/** Measures one runtime with one vault. */
async function measureVault(plan: Plan, runtime: Runtime, size: string): Promise<Line[]> {
  const [keys = 0, logRows = 0] = size.split('x').map(Number);
  const filled = await startFilled(runtime, { keys, logRows });
  console.error(`${runtime}, ${size}: healthy after ${filled.startMs} ms`);
  const put: Put = (operation, connections, seconds) =>
    load(filled.url, filled.process.pid ?? 0, requestsFor(operation, filled.token, keys), connections, seconds);
  const quickOperations = plan.operations.filter((operation) => operation !== 'login');
  try {
    for (const operation of quickOperations) await put(operation, warmUpConnections, warmUpSeconds);
    const lines: Line[] = [];
    for (const connections of plan.connections) {
      for (const [operation, rounds] of await measureInTurn(plan, quickOperations, connections, put)) {
        lines.push({ runtime, vault: size, connections, operation, ...median(rounds) });
      }
    }
    // Last, since the server goes on hashing the sign-ins that were cut off at the end of their load.
    for (const connections of plan.operations.includes('login') ? plan.connections : []) {
      const measured = await put('login', connections, loginSeconds);
      const live = lines.find((line) => line.operation === 'live' && line.connections === connections);
      const ofLive = measured.perSecond / (live?.perSecond ?? 0);
      lines.push({ runtime, vault: size, connections, operation: 'login', ...measured, ofLive });
      await delay(connections * maxHashMs);
    }
    return lines;
  } finally {
    await filled.dispose();
  }
}

type Put = (operation: Operation, connections: number, seconds: number) => Promise<Measured>;

/** Measures all operations in turn, round after round, so that changes of the machine's speed hit all of them. */
async function measureInTurn(
  { rounds, seconds }: Plan,
  inTurn: readonly Operation[],
  connections: number,
  put: Put,
): Promise<Map<Operation, Round[]>> {
  const results = new Map<Operation, Round[]>(inTurn.map((operation) => [operation, []]));
  for (let round = 0; round < rounds; round++) {
    // `live` is always the first of its round.
    let live = 0;
    for (const operation of inTurn) {
      const measured = await put(operation, connections, seconds);
      if (operation === 'live') live = measured.perSecond;
      results.get(operation)?.push({ ...measured, ofLive: measured.perSecond / live });
    }
  }
  return results;
}

async function main(): Promise<void> {
  const plan = readPlan();
  await buildStandalone(project);
  const lines: Line[] = [];
  for (const runtime of plan.runtimes) {
    for (const size of plan.vaults) lines.push(...(await measureVault(plan, runtime, size)));
  }
  const cryptoMicroseconds = await measureCrypto();
  const [{ model = '' } = {}] = cpus();
  const machine = { processor: model, cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) };
  const date = new Date().toISOString();

  console.log(`\n${machine.cores} cores (${model}), ${machine.memoryGb} GB, ${date}\n\n${table(lines)}\n`);
  for (const [name, time] of Object.entries(cryptoMicroseconds)) console.log(`${name}: ${time.toFixed(1)} µs`);
  const folder = join(project, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${date.replace(/[:.]/g, '-')}.json`);
  writeFileSync(path, `${JSON.stringify({ date, machine, plan, lines, cryptoMicroseconds }, null, 2)}\n`);
  console.log(`\nWritten to ${path}`);
}

await main();
