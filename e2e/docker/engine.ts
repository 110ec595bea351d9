/** Before the Docker tests: an engine that answers, the base images, and the image of this tree. After them: none of ours. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { docker, project, run } from './kit.ts';

declare module 'vitest' {
  interface ProvidedContext {
    image: string;
  }
}

/** Brings an engine up on a machine that has none, and makes stand-ins for base images that no registry gives. */
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
  const built = await docker('build', '-t', image, project);
  if (built.code !== 0) throw new Error(`The image was not built: ${built.output.slice(-4_000)}`);
  const bytes = Number((await docker('image', 'inspect', '-f', '{{.Size}}', image)).output);
  const base = Number((await docker('image', 'inspect', '-f', '{{.Size}}', 'debian:bookworm-slim')).output);
  console.log(
    `The image took ${Math.round((Date.now() - started) / 1000)} s to build and has ${megabytes(bytes)} MB, ${megabytes(base)} MB of them Debian's.`,
  );
  provide('image', image);
  return async () => {
    await docker('image', 'rm', '-f', image);
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
