import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ask, docker, type Host, makeHost, project, sizeOf, untilHealthy } from './kit.ts';

const image = inject('image');
const standalone = `${image}-standalone`;
const tools = `${image}-tools`;
const megabyte = 1e6;
function sorted(texts: string[]): string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : 1));
}

test('no secret gets into the build context', async () => {
  const context = mkdtempSync(join(tmpdir(), 'keystore context '));
  const decoys = ['.env', '.env.backup', 'backups/k.db', 'data/v3/x', '.dev.vars', '.git/config', 'e2e/x', 'other/x'];
  const kept = ['box/kept.ts', 'standalone/kept.ts'];
  for (const decoy of [...decoys, ...kept]) {
    mkdirSync(join(context, decoy, '..'), { recursive: true });
    writeFileSync(join(context, decoy), 'decoy');
  }
  copyFileSync(join(project, '.dockerignore'), join(context, '.dockerignore'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM debian:bookworm-slim\nCOPY . /context\n');
  const tag = `${image}-context`;
  await ask('build', '-q', '-t', tag, context);
  try {
    const found = await ask('run', '--rm', tag, 'find', '/context', '-type', 'f');
    expect(sorted(found.split('\n'))).toEqual(kept.map((path) => `/context/${path}`));
  } finally {
    await ask('image', 'rm', tag);
    rmSync(context, { recursive: true });
  }
});

const ours = ['box', 'core', 'data', 'migrations', 'node_modules', 'package.json'];
test.each([
  ['the default image', image, [...ours, 'dist', 'wrangler.toml'], ['node']],
  [
    'the standalone image',
    standalone,
    [
      'data',
      'hasher.capnp',
      'hasher.js',
      'keystore',
      'keystore.capnp',
      'keystore.js',
      'setup.capnp',
      'setup.js',
      'worker.js',
      'workerd',
    ],
    [],
  ],
  ['the image of its tools', tools, ours, ['node']],
])('%s contains only what it needs: no tests, source maps or npm', async (_, name, contents, programs) => {
  const inside = async (script: string) =>
    (await docker('run', '--rm', '--entrypoint', 'sh', name, '-c', script)).output.split('\n').filter(Boolean);
  expect(sorted(await inside('ls /app'))).toEqual(sorted(contents));
  expect(await inside("find /app -name '*.test.ts' -o -name '*.map' -o -path '*/node_modules/typescript'")).toEqual([]);
  expect(await inside('for each in node npm npx python3; do command -v $each >/dev/null && echo $each; done')).toEqual(
    programs,
  );
});

test('the tools contain neither a runtime nor its packages', async () => {
  const found = await ask('run', '--rm', '--entrypoint', 'sh', tools, '-c', 'cd /app/node_modules && ls -d * @*/*');
  expect(found.split('\n')).toEqual(['@noble', '@noble/ciphers', '@noble/hashes', 'ipaddr.js', 'jose']);
});

test('a label names the runtime of an image, and the default is wrangler', async () => {
  const label = (name: string) => ask('image', 'inspect', '-f', '{{index .Config.Labels "keystore.runtime"}}', name);
  expect([await label(image), await label(standalone), await label(tools)]).toEqual(['wrangler', 'standalone', '']);
});

describe('standalone', () => {
  let host: Host;

  beforeAll(async () => {
    host = await makeHost(image, 'standalone');
    await host.script('generate-keys.sh');
  });

  afterAll(() => host.dispose());

  test('adds less than 170 MB to Debian', async () => {
    const added = (await sizeOf(standalone)) - (await sizeOf('debian:bookworm-slim'));
    console.log(`Standalone adds ${Math.round(added / megabyte)} MB to Debian.`);
    expect(added / megabyte).toBeLessThan(170);
  });

  test('is healthy within 1 s of `docker run`', async () => {
    const args = ['-d', '--name', host.container, '--read-only', '--tmpfs=/tmp', '-v', `${host.volume}:/app/data`];
    const mount = `type=bind,src=${host.envFile},dst=/run/secrets/keystore_env,readonly`;
    const took: number[] = [];
    // The first start makes the database, and the machine may be busy.
    for (let tries = 0; tries < 6 && (took.length < 2 || Math.min(...took) >= 1_000); tries++) {
      await docker('rm', '-f', host.container);
      const started = Date.now();
      await ask('run', ...args, '--mount', mount, '-p', `${host.env.KEYSTORE_PORT}:5000`, standalone);
      await untilHealthy(host.url, 10);
      took.push(Date.now() - started);
    }
    console.log(`Healthy ${took.join(', ')} ms after \`docker run\` was called.`);
    expect(Math.min(...took)).toBeLessThan(1_000);
  });

  test('idles below 100 MB', async () => {
    // docker stats does not count page cache that can be dropped, which may include pages of programs. So the proportional
    // share of the processes is measured as well.
    const stats = await ask('stats', '--no-stream', '--format', '{{.MemUsage}}', host.container);
    const share = await host.inside(
      'sh',
      '-c',
      "cat /proc/[0-9]*/smaps_rollup | awk '/^Pss:/ { n += $2 } END { print n }'",
    );
    const shareMegabytes = (Number(share.output) * 1024) / megabyte;
    console.log(`Idle: docker stats says ${stats}; the processes' share is ${Math.round(shareMegabytes)} MB.`);
    const [, amount = '', unit] = /^([\d.]+)([KM]iB)/.exec(stats) ?? [];
    expect((Number(amount) * (unit === 'MiB' ? 1024 ** 2 : 1024)) / megabyte).toBeLessThan(100);
    expect(shareMegabytes).toBeLessThan(100);
  });
});
