/** Builds the worker, the browser UI and the command line into dist/. */

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build as bundle, stop } from 'esbuild';
import { buildCli } from './build-cli.mjs';
import { packCli } from './pack-cli.ts';

/**
 * Builds `dist/worker`, the worker as one module and what runs beside it under `wrangler dev`; `dist/ui`, the browser UI under
 * hashed names and the API document with its page; and `dist/cli`, the command line, which is served with the UI.
 */
export async function build(project: string): Promise<void> {
  await Promise.all([
    buildWorker(project),
    buildUi(project),
    buildReference(project),
    buildCli(project).then((file) => serveCli(project, file)),
  ]);
}

/** Builds if a source is newer than the last build. Returns whether it did. */
export async function buildIfStale(project: string): Promise<boolean> {
  const [built = '', ...others] = [
    ...['index.js', 'database.js', 'in-wrangler.mjs'].map((name) => join(project, 'dist/worker', name)),
    join(project, 'dist/ui/openapi.json'),
  ];
  const sources = ['core', 'worker', 'openapi', 'box/d1', 'box/runtime', 'cli', 'ui', 'package-lock.json'].map((name) =>
    join(project, name),
  );
  if ([built, ...others].every(existsSync) && statSync(built).mtimeMs >= Math.max(...sources.map(newest))) return false;
  await build(project);
  // Otherwise esbuild would go on running, as a child with this process's environment.
  await stop();
  return true;
}

/** Builds the worker, and what `wrangler dev` runs beside it. */
export async function buildWorker(project: string): Promise<void> {
  const common = {
    absWorkingDir: project,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['node:*', 'cloudflare:*'],
    logLevel: 'warning',
  } satisfies BuildOptions;
  await Promise.all([
    bundle({
      ...common,
      entryPoints: ['worker/index.ts'],
      outfile: 'dist/worker/index.js',
      conditions: ['workerd', 'worker', 'browser'],
      mainFields: ['browser', 'module', 'main'],
      loader: { '.txt': 'text', '.sql': 'text' },
      define: { 'process.env.NODE_ENV': '"production"' },
    }),
    bundle({
      ...common,
      entryPoints: [join(import.meta.dirname, '../d1/database.ts')],
      outfile: 'dist/worker/database.js',
    }),
    // Node.js takes 20 MB more for a process that loads TypeScript.
    bundle({
      ...common,
      entryPoints: [join(import.meta.dirname, '../runtime/in-wrangler.ts')],
      outfile: 'dist/worker/in-wrangler.mjs',
      platform: 'node',
    }),
  ]);
}

/**
 * Builds the API document and its page. A program that has the routes of the worker in it makes both; it runs for itself, so that the
 * vault that is started next does not hold its memory.
 */
export async function buildReference(project: string): Promise<void> {
  const target = join(project, 'dist/ui');
  const from = (name: string) => join(import.meta.dirname, '../../openapi', name);
  const common = { absWorkingDir: project, bundle: true, logLevel: 'warning' } satisfies BuildOptions;
  const [program] = await Promise.all([
    bundle({
      ...common,
      entryPoints: [from('main.ts')],
      format: 'esm',
      platform: 'node',
      loader: { '.txt': 'text', '.sql': 'text' },
      write: false,
    }),
    bundle({ ...common, entryPoints: [from('docs.css')], outfile: 'dist/ui/docs.css', minify: true }),
  ]);
  const made = execFileSync(process.execPath, ['--input-type=module', '-'], {
    input: program.outputFiles[0]?.contents,
    encoding: 'utf8',
    env: {},
    maxBuffer: maxReferenceBytes,
  });
  const { document, page } = JSON.parse(made) as { document: string; page: string };
  writeFileSync(join(target, 'docs.html'), page);
  writeFileSync(join(target, 'openapi.json'), document);
}

/** More than document and page ever have. */
const maxReferenceBytes = 2 ** 24;

/** Builds the browser UI in a program of its own, so that the vault that is started next does not hold the memory of the bundler. */
async function buildUi(project: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build-ui.ts'), project], { env: {} });
}

/** Puts the command line among the files that the vault serves: alone, with a checksum for `sha256sum --check`, and for npm. */
function serveCli(project: string, file: string): void {
  const folder = join(project, 'dist/ui/cli');
  mkdirSync(folder, { recursive: true });
  const bytes = readFileSync(file);
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  const checksum = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(folder, 'keystore.mjs'), bytes);
  writeFileSync(join(folder, 'keystore.mjs.sha256'), `${checksum}  keystore.mjs\n`);
  writeFileSync(join(folder, 'keystore.tgz'), packCli(bytes, version));
}

/** The latest change in a file or folder, in ms; 0 if it does not exist, as in an image without sources. */
export function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (import.meta.main) await build(resolve(import.meta.dirname, '../..'));
