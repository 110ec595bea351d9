/** `npm run bench -- --ladder`: what each part of an audited read costs on the standalone runtime. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stop } from 'esbuild';
import { buildStandalone, bundleModule } from '../box/commands/build-standalone.ts';
import { readWranglerConfig, workerdPath } from '../box/runtime/installed.ts';
import { project } from '../testing/disk-vaults.ts';
import { freePort, signIn, startVault } from '../testing/vault.ts';
import type { HttpRequest } from './client.ts';
import { fill } from './fill.ts';
import { load, type Measured, type Server } from './load.ts';
import { markdown, shownRatio } from './report.ts';
import { requestsFor } from './requests.ts';
import { startYardstick } from './yardstick.ts';

const connections = 16;
const seconds = 1;
const rounds = 3;
const size = { keys: 50, logRows: 1_000 };

interface Rung {
  what: string;
  server: Server;
  requests: HttpRequest[];
  /** The step of bench/worker/ladder.ts; absent for another server. */
  step?: string;
}

/** Measures the steps in turn, round after round, and prints them as a table. */
export async function printLadder(): Promise<void> {
  await buildStandalone(project);
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'keystore-ladder-'));
  const folder = temporary.path;
  execFileSync(join(project, 'dist/keystore'), ['unpack', folder]);
  await bundleModule(project, 'bench/worker/ladder.ts', join(folder, 'keystore.js'));
  await stop();
  const options = { runtime: 'standalone', standaloneFile: join(folder, 'keystore') } as const;
  const env = { MAX_REQUESTS_PER_MINUTE: '999999999' };
  const empty = await startVault(options);
  await empty.stop();
  fill(empty, size);
  const vault = await startVault({ ...options, folder: empty.folder, env });
  const bare = await startBare(folder);
  const yardstick = await startYardstick();
  try {
    const admin = await signIn(vault.url, 'admin', 'admin123');
    const [read = [], live = []] = ['read', 'live'].map((operation) =>
      // Every step gets the same headers.
      requestsFor(operation, { admin, user: '' }, size)?.map(({ path }) => ({
        path,
        headers: { Authorization: `Bearer ${admin}` },
      })),
    );
    const server = { url: vault.url, pid: vault.process.pid ?? 0 };
    const rungs: Rung[] = [
      { what: "an empty worker on the runtime's own HTTP server", server: bare, requests: live },
      { what: 'our HTTP server, an empty answer', server, requests: live, step: 'server' },
      { what: '+ the app with its headers: `/health/live`', server, requests: live, step: 'whole' },
      { what: '+ the call to the object, with an empty transaction', server, requests: live, step: 'call' },
      { what: '+ the statements and the sync of a read', server, requests: live, step: 'statements' },
      { what: '+ credential, cryptography and answer: the whole read', server, requests: read, step: 'whole' },
    ];
    const measured = rungs.map((): Measured[] => []);
    const unit: number[] = [];
    for (let round = -1; round < rounds; round++) {
      for (const [index, { server, requests, step }] of rungs.entries()) {
        if (step !== undefined) writeFileSync(join(vault.data, 'v3/d1/ladder-step'), step);
        const one = await load(server, requests, connections, seconds);
        if (one.failed > 0) throw new Error(`${one.failed} requests failed: ${rungs[index]?.what}`);
        // The first round warms up.
        if (round >= 0) measured[index]?.push(one);
      }
      if (typeof yardstick !== 'string')
        unit.push((await load(yardstick, yardstick.requests('read') ?? [], connections, seconds)).perSecond);
    }
    if (typeof yardstick === 'string') console.error(yardstick);
    console.log(`\n${ladderTable(rungs, measured, middle(unit))}\n`);
  } finally {
    if (typeof yardstick !== 'string') await yardstick.dispose();
    bare.end();
    await vault.dispose();
  }
}

function ladderTable(rungs: readonly Rung[], measured: readonly Measured[][], unit: number | undefined): string {
  let before: number | undefined;
  const rows = rungs.map(({ what }, index) => {
    const all = measured[index] ?? [];
    const [cpu = 0, rate = 0] = [
      middle(all.map(({ cpuMs }) => cpuMs * 1000)),
      middle(all.map(({ perSecond }) => perSecond)),
    ];
    const added = before === undefined ? '' : (cpu - before).toFixed(0);
    before = cpu;
    return [what, cpu.toFixed(0), added, rate.toFixed(0), shownRatio(unit && rate / unit)];
  });
  return markdown([`${connections} connections`, 'CPU µs/request', 'added', 'requests/s', 'x yardstick'], rows);
}

function middle(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const bareWorker = 'export default { fetch: () => new Response() };';

/** A worker that does nothing, with the flags of the vault. */
async function startBare(folder: string) {
  const port = await freePort();
  const { compatibilityDate } = await readWranglerConfig(project);
  writeFileSync(join(folder, 'bare.js'), bareWorker);
  writeFileSync(
    join(folder, 'bare.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
using Keystore = import "/keystore.capnp";
const config :Workerd.Config = (v8Flags = Keystore.v8Flags,
  services = [(name = "bare", worker = (modules = [(name = "bare.js", esModule = embed "bare.js")], compatibilityDate = "${compatibilityDate}"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "bare")]);
`,
  );
  const child = spawn(workerdPath(), ['serve', 'bare.capnp', `-I${folder}`], { cwd: folder, stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  while (
    child.exitCode === null &&
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await delay(50);
  if (child.exitCode !== null) throw new Error('The empty worker did not start.');
  return { url, pid: child.pid ?? 0, end: () => void child.kill('SIGTERM') };
}
