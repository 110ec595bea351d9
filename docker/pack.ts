/**
 * Copies what an image needs at run time to a folder: `node docker/pack.ts <folder> [tools]`. That is box/ and core/, the built
 * worker and UI, the migrations, and the packages that `wrangler dev --no-bundle` loads. With `tools`, only what backup,
 * restore and check need, without worker, UI and runtime.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const project = resolve(import.meta.dirname, '..');

interface Contents {
  ours: string[];
  /** Packages, each with its dependencies. */
  packages: string[];
}

const tools: Contents = {
  ours: ['box', 'core', 'migrations', 'package.json'],
  packages: ['@noble/ciphers', '@noble/hashes', 'ipaddr.js', 'jose'],
};

const vault: Contents = {
  ours: [...tools.ours, 'dist/ui', 'dist/worker', 'wrangler.toml'],
  packages: [...tools.packages, 'wrangler', 'esbuild'],
};

/** wrangler loads it only to resize images. */
const unused = ['sharp'];

const notAtRunTime = /\.map$|\.d\.[cm]?ts$|\.md$|\/miniflare\/dist\/local-explorer-ui(\/|$)|\/tsconfig\.json$/;

function pack(target: string, contents: Contents): void {
  for (const name of contents.ours) copy(join(project, name), join(target, name));
  const packages = new Set<string>();
  for (const root of contents.packages) collect(root, project, packages);
  for (const folder of packages) copy(folder, join(target, folder.slice(project.length)));
  // Newer than every source, so that a start does not build again.
  const built = join(target, 'dist/worker/index.js');
  if (existsSync(built)) utimesSync(built, new Date(), new Date());
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, filter: (path) => !notAtRunTime.test(path) && !isNested(from, path) });
}

/** The packages in a package's node_modules are collected separately. */
function isNested(from: string, path: string): boolean {
  return path !== from && basename(path) === 'node_modules';
}

/** Adds the folders of a package, as resolved from another one, and of its dependencies. */
function collect(name: string, from: string, packages: Set<string>): void {
  if (unused.includes(name)) return;
  const folder = find(name, from);
  // Optional packages for other platforms are not installed.
  if (folder === undefined || packages.has(folder)) return;
  packages.add(folder);
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
  for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) collect(each, folder, packages);
}

function find(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(project); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(found)) return found;
  }
  return undefined;
}

const [, , folder = 'image', what] = process.argv;
pack(resolve(folder), what === 'tools' ? tools : vault);
