/** A vitest plugin: tests of the worker get the standalone runtime's database in place of D1. */
import { join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';
import { readMigrations } from '../box/data/database.ts';

const project = resolve(import.meta.dirname, '..');
const migrationsModule = 'keystore:migrations';

export const standaloneDatabase: Plugin = {
  name: 'standalone-database',
  enforce: 'pre',
  resolveId: (source) => {
    if (source === migrationsModule) return `\0${migrationsModule}`;
    return source.endsWith('/test-database.ts') ? join(project, 'standalone/testing/test-database.ts') : null;
  },
  load: (id) =>
    id === `\0${migrationsModule}`
      ? `export default ${JSON.stringify(readMigrations(join(project, 'migrations')))}`
      : null,
};
