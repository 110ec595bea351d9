/** Packages are in a cache outside of the project (CLIENT_PACKAGES), where Node.js would not look for them. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @param {string} name */
export function load(name) {
  const require = createRequire(join(process.env.CLIENT_PACKAGES ?? '.', 'package.json'));
  return import(pathToFileURL(require.resolve(name)).href);
}
