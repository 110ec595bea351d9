/**
 * `npm run prepare`: builds the command line. npm runs this when the package is installed from the repository, perhaps with a
 * Node.js that reads no TypeScript; so this file has none.
 */

import { chmodSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const cliFile = 'dist/cli/keystore.mjs';

/**
 * Builds `dist/cli/keystore.mjs`: one file without dependencies, for Node.js 20 and newer.
 *
 * @param {string} project the folder of the project.
 * @returns {Promise<string>} the path of the file.
 */
export async function buildCli(project) {
  const file = join(project, cliFile);
  await build({
    absWorkingDir: project,
    entryPoints: ['cli/main.ts'],
    outfile: `${cliFile}.partial`,
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

// Not `import.meta.main` and `import.meta.dirname`, which are newer than some of these.
const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) await buildCli(resolve(dirname(self), '../..'));
