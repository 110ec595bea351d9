/**
 * `npm run bench`: starts each runtime on a temporary folder, fills it, warms it up and measures it from this machine. Load
 * is bounded and goes to 127.0.0.1. Prints a table and writes bench/results/<time>.json.
 *
 *   --runtime wrangler,standalone   --connections 1,16,64   --seconds 3   --rounds 3
 *   --vault 10x1000,10000x1000000   keys x log rows         --operations live,read,write,list,logs,login
 *   --quick                         one round of a second, 16 connections, the small vault
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildStandalone } from '../box/commands/build-standalone.ts';
import type { Runtime } from '../testing/vault.ts';
import { measureCrypto } from './crypto-bench.ts';
import { load, type Measured } from './load.ts';
import { type Line, median, table } from './report.ts';
import { type Operation, operations, requestsFor } from './requests.ts';
import { startFilled } from './vault.ts';

const warmUpSeconds = 3;
/** Some dozens of sign-ins, which take turns. */
const loginSeconds = 10;
const hashMsMost = 250;
const project = resolve(import.meta.dirname, '..');

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

interface Plan {
  runtimes: Runtime[];
  connections: number[];
  seconds: number;
  rounds: number;
  /** `<keys>x<log rows>` */
  vaults: string[];
  operations: Operation[];
}

function readPlan(): Plan {
  const { quick } = given;
  const asked = given.operations?.split(',') ?? operations;
  return {
    runtimes: given.runtime.split(',') as Runtime[],
    connections: (given.connections ?? (quick ? '16' : '1,16,64')).split(',').map(Number),
    seconds: Number(given.seconds ?? (quick ? 1 : 3)),
    rounds: Number(given.rounds ?? (quick ? 1 : 3)),
    vaults: (given.vault ?? (quick ? '10x1000' : '10x1000,10000x1000000')).split(','),
    operations: operations.filter((operation) => operation === 'live' || asked.includes(operation)),
  };
}

/** Measures one runtime with one vault: all operations in turn, round after round, so that all see the same machine. */
async function measure(plan: Plan, runtime: Runtime, vaultSize: string): Promise<Line[]> {
  const [keys = 0, logRows = 0] = vaultSize.split('x').map(Number);
  const { vault, token, startMs } = await startFilled(project, runtime, { keys, logRows });
  console.error(`${runtime}, ${vaultSize}: healthy after ${startMs} ms`);
  const pid = vault.process.pid ?? 0;
  const put = (operation: Operation, connections: number, seconds: number): Promise<Measured> =>
    load(vault.url, pid, requestsFor(operation, token, keys), connections, seconds);
  try {
    const lines: Line[] = [];
    const timed = plan.operations.filter((each) => each !== 'login');
    for (const operation of timed) await put(operation, 16, warmUpSeconds);
    for (const connections of plan.connections) {
      const live: number[] = [];
      const rounds = new Map(timed.map((operation) => [operation, [] as (Measured & { ofLive: number })[]]));
      for (let round = 0; round < plan.rounds; round++) {
        for (const operation of timed) {
          const measured = await put(operation, connections, plan.seconds);
          if (operation === 'live') live.push(measured.perSecond);
          rounds.get(operation)?.push({ ...measured, ofLive: measured.perSecond / (live.at(-1) ?? 0) });
        }
      }
      for (const [operation, measured] of rounds) {
        lines.push({ runtime, vault: vaultSize, connections, operation, ...median(measured) });
      }
    }
    // Sign-ins come last, and longer: each takes a hash, and those that are cut off at the end still wait for theirs.
    for (const connections of plan.operations.includes('login') ? plan.connections : []) {
      const measured = await put('login', connections, loginSeconds);
      const ofLive = measured.perSecond / (lines.find((line) => line.connections === connections)?.perSecond ?? 0);
      lines.push({ runtime, vault: vaultSize, connections, operation: 'login', ...measured, ofLive });
      await delay(connections * hashMsMost);
    }
    return lines;
  } finally {
    await vault.dispose();
  }
}

const plan = readPlan();
await buildStandalone(project);
const lines: Line[] = [];
for (const runtime of plan.runtimes) {
  for (const vaultSize of plan.vaults) lines.push(...(await measure(plan, runtime, vaultSize)));
}
const crypto = await measureCrypto(project);
const machine = { processor: cpus()[0]?.model ?? '', cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) };
const date = new Date().toISOString();

console.log(`\n${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB, ${date}\n\n${table(lines)}\n`);
for (const [name, microseconds] of Object.entries(crypto)) console.log(`${name}: ${microseconds.toFixed(1)} µs`);
mkdirSync(join(project, 'bench/results'), { recursive: true });
const path = join(project, 'bench/results', `${date.replace(/[:.]/g, '-')}.json`);
writeFileSync(path, `${JSON.stringify({ date, machine, plan, lines, cryptoMicroseconds: crypto }, null, 2)}\n`);
console.log(`\nWritten to ${path}`);
