/** Bundles bench/crypto.ts and runs it in workerd. */
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { readWranglerConfig } from '../box/runtime/installed.ts';
import { project } from '../testing/disk-vaults.ts';

/** Returns microseconds by operation. */
export async function measureCrypto(): Promise<Record<string, number>> {
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: ['bench/crypto.ts'],
    write: false,
    bundle: true,
    format: 'esm',
    external: ['node:*'],
    conditions: ['workerd', 'worker', 'browser'],
  });
  const script = outputFiles.map(({ text }) => text).join('');
  const { compatibilityDate } = await readWranglerConfig(project);
  const modules = { 'crypto.js': { type: 'esm' as const, contents: script } };
  const manifest = { mainModule: 'crypto.js', modulesRoot: project, modules };
  const miniflare = new Miniflare({ workers: [{ config: { name: 'crypto', compatibilityDate, manifest } }] });
  try {
    const response = await miniflare.dispatchFetch('http://localhost/');
    return (await response.json()) as Record<string, number>;
  } finally {
    await miniflare.dispose();
  }
}
