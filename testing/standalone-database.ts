import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';

const project = resolve(import.meta.dirname, '..');
const migrationsModule = 'keystore:migrations';

/** For tests of the worker: the standalone runtime's database in the place of D1. */
export const standaloneDatabase: Plugin = {
  name: 'standalone-database',
  enforce: 'pre',
  resolveId: (source) => {
    if (source === migrationsModule) return `\0${migrationsModule}`;
    return source.endsWith('/test-database.ts') ? join(project, 'standalone/testing/test-database.ts') : null;
  },
  load: (id) => (id === `\0${migrationsModule}` ? `export default ${JSON.stringify(readMigrations())}` : null),
};

const readMigrations = () =>
  readdirSync(join(project, 'migrations'))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(project, 'migrations', name), 'utf8') }));
