/**
 * Gathers what an image needs at run time: `node docker/pack.ts <folder> [tools]`. The launcher and what it imports, the
 * built worker and UI, the migrations, and of node_modules only the packages that `wrangler dev --no-bundle` loads. For the
 * tools of the standalone image only what backup, restore, check and moving in need: neither worker, UI nor runtime.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const project = resolve(import.meta.dirname, '..');

interface Contents {
  ours: string[];
  /** Packages, each of which comes with all that it depends on. */
  packages: string[];
}

const tools: Contents = {
  ours: ['box', 'core', 'migrations', 'package.json', 'wrangler.toml'],
  packages: ['@noble/ciphers', '@noble/hashes', 'jose'],
};

const vault: Contents = {
  ours: [...tools.ours, 'dist/ui', 'dist/worker'],
  packages: [...tools.packages, 'wrangler', 'esbuild', 'ipaddr.js'],
};

/** Loaded only for what we do not do: resizing images. */
const unused = ['sharp'];

const notAtRunTime = /\.map$|\.d\.[cm]?ts$|\.md$|\/miniflare\/dist\/local-explorer-ui(\/|$)|\/tsconfig\.json$/;

function pack(target: string, contents: Contents): void {
  for (const name of contents.ours) copy(join(project, name), join(target, name));
  const packages = new Set<string>();
  for (const root of contents.packages) collect(root, project, packages);
  for (const folder of packages) copy(folder, join(target, folder.slice(project.length)));
  // Newer than every source, so that the launcher does not build again.
  const built = join(target, 'dist/worker/index.js');
  if (existsSync(built)) utimesSync(built, new Date(), new Date());
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, filter: (path) => !notAtRunTime.test(path) && !isNested(from, path) });
}

/** A package's own node_modules are packages of their own. */
function isNested(from: string, path: string): boolean {
  return path !== from && basename(path) === 'node_modules';
}

/** Adds the folder of a package, as seen from another one, and of all that it depends on. */
function collect(name: string, from: string, packages: Set<string>): void {
  if (unused.includes(name)) return;
  const folder = find(name, from);
  // What is optional and for another platform is not installed.
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
