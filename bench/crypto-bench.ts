/** Bundles bench/crypto.ts and runs it in workerd. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build, stop } from 'esbuild';
import { readWranglerConfig, workerdPath } from '../box/runtime/installed.ts';
import { project } from '../testing/disk-vaults.ts';
import { freePort } from '../testing/vault.ts';

/** Returns microseconds by operation. */
export async function measureCrypto(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-bench-'));
  const port = await freePort();
  try {
    await build({
      absWorkingDir: project,
      entryPoints: ['bench/crypto.ts'],
      outfile: join(folder, 'crypto.js'),
      bundle: true,
      format: 'esm',
      external: ['node:*'],
      conditions: ['workerd', 'worker', 'browser'],
    });
    await stop();
    const { compatibilityDate } = await readWranglerConfig(project);
    writeFileSync(join(folder, 'config.capnp'), workerdConfig(port, compatibilityDate));
    return await runInWorkerd(folder, port);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runInWorkerd(folder: string, port: number): Promise<Record<string, number>> {
  const workerd = spawn(workerdPath(), ['serve', join(folder, 'config.capnp')], { stdio: 'ignore' });
  const ended = once(workerd, 'exit');
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (response?.ok) return (await response.json()) as Record<string, number>;
      await delay(50);
    }
    throw new Error('The crypto benchmark did not answer.');
  } finally {
    workerd.kill();
    await ended;
  }
}

function workerdConfig(port: number, compatibilityDate: string): string {
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "crypto", worker = (compatibilityDate = "${compatibilityDate}",
    modules = [(name = "crypto.js", esModule = embed "crypto.js")]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "crypto")]);
`;
}
