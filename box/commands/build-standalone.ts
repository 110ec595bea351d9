/** `npm run build:standalone`: builds the vault as one file for plain workerd. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as bundle, type Plugin, stop } from 'esbuild';
import { namespaces } from '../../core/data-folder/layout.ts';
import { settingNames, workerVariables } from '../../core/settings/settings.ts';
import { readMigrations } from '../data/database.ts';
import { readWranglerConfig, workerdPath } from '../runtime/installed.ts';
import { buildIfStale, newest } from './build.ts';

/** The file that is built. */
const target = 'dist/keystore';

/**
 * Builds `dist/keystore`: the launcher (a shell script) and, behind it in the same file, workerd and everything that it runs.
 * The worker in it is `dist/worker/index.js`, byte for byte.
 */
export async function buildStandalone(project: string): Promise<void> {
  await buildIfStale(project);
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'keystore-build-'));
  const folder = temporary.path;
  try {
    const config = {
      COMPATIBILITY_DATE: (await readWranglerConfig(project)).compatibilityDate,
      WORKER_VARIABLES: workerVariables.join(' '),
      ENVIRONMENT: environmentBindings(),
      DATABASE_NAMESPACE: namespaces.database,
      LOCK_NAMESPACE: namespaces.standaloneLock,
    };
    copyFileSync(join(project, 'dist/worker/index.js'), join(folder, 'worker.js'));
    await bundleModule(project, 'standalone/main.ts', join(folder, 'keystore.js'));
    await bundleModule(project, 'standalone/launcher/setup.ts', join(folder, 'setup.js'));
    await bundleModule(project, 'standalone/hasher/main.ts', join(folder, 'hasher.js'));
    for (const name of ['keystore.capnp', 'launcher/setup.capnp', 'hasher/hasher.capnp']) {
      const text = readFileSync(join(project, 'standalone', name), 'utf8');
      writeFileSync(join(folder, basename(name)), fill(text, config));
    }
    copyWorkerd(join(folder, 'workerd'));
    // A running vault still reads its launcher: the old file is replaced and not overwritten.
    writeFileSync(join(project, `${target}.partial`), assemble(project, folder, config));
    chmodSync(join(project, `${target}.partial`), 0o755);
    renameSync(join(project, `${target}.partial`), join(project, target));
    // The tests unpack each build there.
    rmSync(join(project, 'dist/cache'), { recursive: true, force: true });
  } finally {
    await stop();
  }
}

/** Builds it if a source is newer than the last build. */
export async function buildStandaloneIfStale(project: string): Promise<void> {
  await buildIfStale(project);
  const sources = [
    'standalone',
    'core',
    'box',
    'migrations',
    'wrangler.toml',
    'package-lock.json',
    'dist/worker',
    'dist/ui',
  ];
  const built = join(project, target);
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources.map((name) => newest(join(project, name)))))
    return;
  await buildStandalone(project);
}

/** The bindings by which setup.ts sees the environment. */
function environmentBindings(): string {
  const settings = settingNames.flatMap((name) => [name, `${name}_FILE`]);
  const names = ['FOLDER', 'HAS_IPV6', 'MAX_FILES', 'ENV_FILE_HIDDEN', 'KEYSTORE_ENV', ...settings];
  return names.map((name) => `      (name = "${name}", fromEnvironment = "${name}"),`).join('\n');
}

/** Bundles one module of the file, with what the worker gets there. Leaves esbuild running: `stop()` ends it. */
export async function bundleModule(project: string, from: string, to: string): Promise<void> {
  await bundle({
    absWorkingDir: project,
    entryPoints: [from],
    outfile: to,
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
function contents(project: string): Plugin {
  return {
    name: 'keystore',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^keystore:worker$/ }, () => ({ path: './worker.js', external: true }));
      onResolve({ filter: /^keystore:/ }, ({ path }) => ({ path, namespace: 'keystore' }));
      onResolve({ filter: /^\//, namespace: 'keystore' }, ({ path }) => ({ path, namespace: 'packed' }));
      onLoad({ filter: /ui$/, namespace: 'keystore' }, () => ({ contents: uiModule(project) }));
      onLoad({ filter: /migrations$/, namespace: 'keystore' }, () => ({
        contents: `export default ${JSON.stringify(readMigrations(join(project, 'migrations')))}`,
      }));
      onLoad({ filter: /./, namespace: 'packed' }, ({ path }) => ({
        contents: gzipSync(readFileSync(path), { level: 9 }),
        loader: 'base64',
      }));
    },
  };
}

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

/** Copies workerd, without its debug symbols if `strip` is installed: they are a quarter of it. */
function copyWorkerd(to: string): void {
  copyFileSync(workerdPath(), to);
  chmodSync(to, 0o755);
  try {
    execFileSync('strip', [to], { stdio: 'ignore' });
  } catch {
    // The file is larger then, and otherwise the same.
  }
}

/** The script with its parts behind it. The table of parts is padded, so that filling it in moves nothing. */
function assemble(project: string, folder: string, config: Record<string, string>): Buffer {
  const names = [
    'hasher.capnp',
    'hasher.js',
    'keystore.capnp',
    'keystore.js',
    'setup.capnp',
    'setup.js',
    'worker.js',
    'workerd',
  ];
  const parts = names.map((name) => readFileSync(join(folder, name)));
  const hash = createHash('sha256');
  for (const bytes of parts) hash.update(bytes);
  const values = { ...config, BUILD: hash.digest('hex').slice(0, 16) };
  const launcher = readLauncher(project);
  const fillIn = (table: string) => Buffer.from(fill(launcher, { ...values, PARTS: table.padEnd(384) }));
  let offset = fillIn('').length + 1;
  const table = parts.map((bytes, index) => {
    const entry = `${names[index]}:${offset}:${bytes.length}`;
    offset += bytes.length;
    return entry;
  });
  return Buffer.concat([fillIn(table.join(' ')), ...parts]);
}

/** The shell files of the launcher in their order, without the lines for shellcheck. */
function readLauncher(project: string): string {
  const folder = join(project, 'standalone/launcher');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sh'))
    .sort();
  const script = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return script.replace(/^# shellcheck shell=.*\n/gm, '');
}

/** Fills in `@NAME@`. */
function fill(text: string, values: Record<string, string>): string {
  return text.replace(/@([A-Z_]+)@/g, (hole, name: string) => values[name] ?? hole);
}

if (import.meta.main) await buildStandalone(resolve(import.meta.dirname, '../..'));
