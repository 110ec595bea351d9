/**
 * `npm run prepare`: builds the command line. npm runs this when the package is installed from the repository, perhaps with a
 * Node.js that reads no TypeScript, so this file has none; and for `npm install --global` without our dependencies.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const cliFile = 'dist/cli/keystore.mjs';

/** What the build needs: the bundler, and what ends up in the bundle. */
const needed = ['@noble/hashes', 'esbuild', 'papaparse'];

/**
 * Builds `dist/cli/keystore.mjs`: one file without dependencies, for Node.js 20 and newer.
 *
 * @param {string} project the folder of the project.
 * @param {string[]} nodePaths where packages are, if not in the project.
 * @returns {Promise<string>} the path of the file.
 */
export async function buildCli(project, nodePaths = []) {
  const { build } = await importEsbuild(nodePaths);
  const file = join(project, cliFile);
  await build({
    absWorkingDir: project,
    entryPoints: ['cli/main.ts'],
    outfile: `${cliFile}.partial`,
    nodePaths,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  });
  chmodSync(`${file}.partial`, 0o755);
  renameSync(`${file}.partial`, file);
  return file;
}

/**
 * @param {string[]} nodePaths
 * @returns {Promise<typeof import('esbuild')>}
 */
function importEsbuild([folder]) {
  if (folder === undefined) return import('esbuild');
  return import(pathToFileURL(createRequire(join(folder, 'x')).resolve('esbuild')).href);
}

/**
 * Builds where npm has not installed our dependencies: in the clone that `npm install --global` makes of a repository.
 *
 * @param {string} project
 */
async function buildAlone(project) {
  const folder = mkdtempSync(join(tmpdir(), 'keystore-prepare-'));
  try {
    const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    const wanted = Object.fromEntries(needed.map((name) => [name, dependencies[name]]));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
    // What npm was told about the package is not about these.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^npm_config_(?:global|location|prefix|local_prefix|allow_scripts)$/i.test(name),
      ),
    );
    const npm = process.env.npm_execpath;
    const [command, ...args] = npm === undefined ? ['npm'] : [process.execPath, npm];
    execFileSync(command ?? 'npm', [...args, 'install', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await buildCli(project, [join(folder, 'node_modules')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} project */
function hasPackages(project) {
  try {
    for (const name of needed) createRequire(join(project, 'package.json')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

// Not `import.meta.main` and `import.meta.dirname`, which are newer than some of these.
const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  const project = resolve(dirname(self), '../..');
  await (hasPackages(project) ? buildCli(project) : buildAlone(project));
}
