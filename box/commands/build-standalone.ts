import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { build as bundle, type Plugin, stop } from 'esbuild';
import { databaseFile, databaseId } from '../../core/data-folder/layout.ts';
import { workerVariables } from '../../core/worker-variables.ts';
import { readWranglerConfig, workerdPath } from '../runtime/installed.ts';
import { buildIfStale } from './build.ts';

/** The folder, under dist/, that holds the file. */
const target = 'dist/keystore';

/**
 * Builds `dist/keystore`: one file that is the launcher (a shell script) and, behind it, workerd and what it runs. The worker
 * in it is `dist/worker/index.js` to the byte.
 */
export async function buildStandalone(project: string): Promise<void> {
  await buildIfStale(project);
  const folder = mkdtempSync(join(tmpdir(), 'keystore-build-'));
  try {
    const config = {
      COMPATIBILITY_DATE: (await readWranglerConfig(project)).compatibilityDate,
      DATABASE_ID: databaseId,
      WORKER_VARIABLES: workerVariables.join(' '),
      DATABASE_FILE: basename(databaseFile('')),
    };
    copyFileSync(join(project, 'dist/worker/index.js'), join(folder, 'worker.js'));
    await bundleRuntime(project, folder);
    writeFileSync(
      join(folder, 'keystore.capnp'),
      fill(readFileSync(join(project, 'standalone/keystore.capnp'), 'utf8'), config),
    );
    copyWorkerd(join(folder, 'workerd'));
    // A vault that runs reads its launcher as it goes: that file stays as it is, under no name.
    writeFileSync(join(project, `${target}.partial`), assemble(project, folder, config));
    chmodSync(join(project, `${target}.partial`), 0o755);
    renameSync(join(project, `${target}.partial`), join(project, target));
    // Where the tests have it unpacked: each build is another runtime.
    rmSync(join(project, 'dist/cache'), { recursive: true, force: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await stop();
  }
}

async function bundleRuntime(project: string, folder: string): Promise<void> {
  await bundle({
    absWorkingDir: project,
    entryPoints: ['standalone/main.ts'],
    outfile: join(folder, 'keystore.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['node:*', 'cloudflare:*', './worker.js'],
    loader: { '.bin': 'binary' },
    plugins: [contents(project)],
    logLevel: 'warning',
  });
}

/** The modules `keystore:*` that standalone/modules.d.ts declares. */
const contents = (project: string): Plugin => ({
  name: 'keystore',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^keystore:worker$/ }, () => ({ path: './worker.js', external: true }));
    onResolve({ filter: /^keystore:/ }, ({ path }) => ({ path, namespace: 'keystore' }));
    onResolve({ filter: /^\//, namespace: 'keystore' }, ({ path }) => ({ path, namespace: 'bytes' }));
    onLoad({ filter: /ui$/, namespace: 'keystore' }, () => ({ contents: uiModule(project) }));
    onLoad({ filter: /migrations$/, namespace: 'keystore' }, () => ({ contents: migrationsModule(project) }));
    onLoad({ filter: /./, namespace: 'bytes' }, ({ path }) => ({ contents: readFileSync(path), loader: 'binary' }));
  },
});

function uiModule(project: string): string {
  const root = join(project, 'dist/ui');
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const imports = paths.map((path, index) => `import file${index} from ${JSON.stringify(path)};`);
  const entries = paths.map((path, index) => `${JSON.stringify(`/${relative(root, path)}`)}: file${index},`);
  return [...imports, 'export default {', ...entries, '};'].join('\n');
}

function migrationsModule(project: string): string {
  const root = join(project, 'migrations');
  const names = readdirSync(root)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return `export default ${JSON.stringify(names.map((name) => ({ name, sql: readFileSync(join(root, name), 'utf8') })))};`;
}

/** workerd, without its debug symbols where `strip` is at hand: they are a quarter of it. */
function copyWorkerd(to: string): void {
  copyFileSync(workerdPath(), to);
  chmodSync(to, 0o755);
  try {
    execFileSync('strip', [to], { stdio: 'ignore' });
  } catch {
    // Larger, and otherwise the same.
  }
}

/** The script with its parts behind it. The table of parts is padded, so that filling it in moves nothing. */
function assemble(project: string, folder: string, config: Record<string, string>): Buffer {
  const parts = ['keystore.capnp', 'keystore.js', 'worker.js', 'workerd'].map((name) => ({
    name,
    bytes: readFileSync(join(folder, name)),
  }));
  const hash = createHash('sha256');
  for (const { bytes } of parts) hash.update(bytes);
  const table = (start: number) => {
    let offset = start + 1;
    const entries = parts.map(({ name, bytes }) => {
      const entry = `${name}:${offset}:${bytes.length}`;
      offset += bytes.length;
      return entry;
    });
    return entries.join(' ').padEnd(256);
  };
  const values = { ...config, BUILD: hash.digest('hex').slice(0, 16) };
  const launcher = readLauncher(project);
  const { length } = Buffer.from(fill(launcher, { ...values, PARTS: table(0) }));
  return Buffer.concat([
    Buffer.from(fill(launcher, { ...values, PARTS: table(length) })),
    ...parts.map(({ bytes }) => bytes),
  ]);
}

/** The files of the launcher in their order, without what each tells shellcheck. */
function readLauncher(project: string): string {
  const folder = join(project, 'standalone/launcher');
  const files = readdirSync(folder).sort();
  const script = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return script.replace(/^# shellcheck shell=.*\n/gm, '');
}

/** Fills in `@NAME@`. */
function fill(text: string, values: Record<string, string>): string {
  return text.replace(/@([A-Z_]+)@/g, (hole, name: string) => values[name] ?? hole);
}

if (import.meta.main) await buildStandalone(resolve(import.meta.dirname, '../..'));
