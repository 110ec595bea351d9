/**
 * `npm run bench`: starts both runtimes and the yardstick on temporary folders, fills them, warms them up and measures them in turn
 * from this machine. Load is bounded and goes to 127.0.0.1. Prints tables and writes bench/results/<time>.json.
 *
 *   --runtime wrangler,standalone   --connections 1,16,64   --seconds 1   --rounds 5
 *   --vault 50x1000,10000x1000000,10000x1000in50   keys x log rows, in projects
 *   --operations 'live,read,write,bulk,list,member list,logs,login,sign-ins,minute'
 *   --quick                         one round of a second, 16 connections, the small vault
 *
 * `--ladder` measures the parts of a read instead, and counts what requests do; `--write` accepts the counts. `--cli` measures what
 * `keystore run` adds to a command, `--browser` the UI with 10,000 keys.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { buildStandalone } from '../box/commands/build-standalone.ts';
import { project } from '../testing/disk-vaults.ts';
import { printBrowser } from './browser.ts';
import { printCli } from './cli.ts';
import { printCounts } from './counts.ts';
import { measureCrypto } from './crypto-bench.ts';
import { sizeOf } from './fill.ts';
import { goals } from './goals.ts';
import { printLadder } from './ladder.ts';
import { measureExtras, measureRates } from './measure.ts';
import { type Plan, readPlan } from './plan.ts';
import { type Extras, type Line, table } from './report.ts';
import { startFilled, type Target } from './targets.ts';
import { startYardstick } from './yardstick.ts';

/** Measures everything with one size of vault. */
async function measureVault(plan: Plan, vault: string): Promise<{ lines: Line[]; extras: Extras[] }> {
  const size = sizeOf(vault);
  const targets: Target[] = [];
  try {
    const yardstick = await startYardstick();
    if (typeof yardstick === 'string') console.error(yardstick);
    else targets.push(yardstick);
    for (const runtime of plan.runtimes) targets.push(await startFilled(runtime, size));
    for (const { name, startMs } of targets) console.error(`${name}, ${vault}: healthy after ${startMs} ms`);
    const lines = await measureRates(plan, targets, vault);
    return { lines, extras: await measureExtras(plan, targets, vault, vault === plan.vaults[0]) };
  } finally {
    for (const { dispose } of targets) await dispose();
  }
}

async function main(): Promise<void> {
  const plan = readPlan(process.argv.slice(2));
  if (plan.ladder) {
    printCounts(plan.write);
    if (!plan.write) await printLadder();
    return;
  }
  if (plan.browser) {
    await printBrowser();
    return;
  }
  await buildStandalone(project);
  if (plan.cli) {
    await printCli(plan.runtimes);
    return;
  }
  const lines: Line[] = [];
  const extras: Extras[] = [];
  for (const vault of plan.vaults) {
    const measured = await measureVault(plan, vault);
    lines.push(...measured.lines);
    extras.push(...measured.extras);
  }
  const cryptoMicroseconds = plan.quick ? {} : await measureCrypto();
  const [{ model = '' } = {}] = cpus();
  const machine = { processor: model, cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) };
  const date = new Date().toISOString();

  console.log(`\n${machine.cores} cores (${model}), ${machine.memoryGb} GB, ${date}\n\n${table(lines)}\n`);
  for (const [name, time] of Object.entries(cryptoMicroseconds)) console.log(`${name}: ${time.toFixed(1)} µs`);
  console.log(`\n${goals(lines, extras)}\n`);
  const folder = join(project, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${date.replace(/[:.]/g, '-')}.json`);
  writeFileSync(path, `${JSON.stringify({ date, machine, plan, lines, extras, cryptoMicroseconds }, null, 2)}\n`);
  console.log(`Written to ${path}`);
}

await main();
