/** A vitest plugin: tests of the worker get the standalone runtime's database in place of D1. */
import { join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';
import { readMigrations } from '../box/data/database.ts';

const project = resolve(import.meta.dirname, '..');
const migrationsModule = 'keystore:migrations';
/** Without files. */
const uiModule = 'keystore:ui';

export const standaloneDatabase: Plugin = {
  name: 'standalone-database',
  enforce: 'pre',
  resolveId: (source) => {
    if (source === migrationsModule) return `\0${migrationsModule}`;
    if (source === 'keystore:worker') return join(project, 'worker/index.ts');
    if (source === uiModule) return `\0${uiModule}`;
    return source.endsWith('/test-database.ts') ? join(project, 'standalone/testing/test-database.ts') : null;
  },
  load: (id) => {
    if (id === `\0${uiModule}`) return 'export default {}';
    if (id !== `\0${migrationsModule}`) return null;
    return `export default ${JSON.stringify(readMigrations(join(project, 'migrations')))}`;
  },
};
