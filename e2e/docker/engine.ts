/** Starts a Docker engine if needed, and builds the images before the Docker tests; removes the images after them. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { docker, project, run, sizeOf } from './kit.ts';

declare module 'vitest' {
  interface ProvidedContext {
    image: string;
  }
}

/** Installs and starts an engine, and makes stand-ins for base images if there is no registry. */
const engineScript = resolve(project, process.env.KEYSTORE_ENGINE ?? '../shared/docker/engine.sh');

const baseImages = ['node:24-bookworm-slim', 'debian:bookworm-slim'];

export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const has = await Promise.all(
    [['info'], ...baseImages.map((name) => ['image', 'inspect', name])].map((args) => docker(...args)),
  );
  if (has.some(({ code }) => code !== 0) && existsSync(engineScript)) {
    const { code, output } = await run('bash', [engineScript, resolve(project, 'Dockerfile')]);
    if (code !== 0) throw new Error(`The engine script failed: ${output}`);
  }
  const image = `keystore-test-${process.pid}`;
  const started = Date.now();
  const images: [string, ...string[]][] = [
    [image],
    [`${image}-standalone`, '--target', 'standalone'],
    [`${image}-tools`, '--target', 'tools'],
  ];
  for (const [name, ...options] of images) {
    const built = await docker('build', '-t', name, ...options, project);
    if (built.code !== 0) throw new Error(`${name} was not built: ${built.output.slice(-4_000)}`);
  }
  console.log(`The images took ${Math.round((Date.now() - started) / 1000)} s to build.`);
  for (const name of ['debian:bookworm-slim', ...images.map(([each]) => each)]) {
    console.log(`${name}: ${Math.round((await sizeOf(name)) / 1e6)} MB`);
  }
  provide('image', image);
  return async () => {
    await docker('image', 'rm', '-f', ...images.map(([name]) => name));
  };
}
