import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { standaloneDatabase } from './testing/standalone-database.ts';

/** Longer than anything takes that will happen, on a machine that does other things as well. */
const poll = { timeout: 20_000 };

const migrations = await readD1Migrations('migrations');

export default defineConfig({
  test: {
    silent: 'passed-only',
    projects: [
      {
        // Everything that runs in the worker is tested in workerd, beside the code.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { TEST_MIGRATIONS: migrations } },
          }),
        ],
        test: { name: 'worker', include: ['core/**/*.test.ts', 'worker/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        // The same tests of the routes, on the database of the standalone runtime.
        plugins: [
          standaloneDatabase,
          cloudflareTest({
            main: './standalone/testing/main.ts',
            miniflare: {
              compatibilityDate: '2026-11-01',
              compatibilityFlags: ['nodejs_compat'],
              bindings: { TEST_MIGRATIONS: migrations, DATABASE_ID: 'keystore', KNOWN_VAULT: '' },
              durableObjects: { DATABASE: { className: 'VaultDatabase', useSQLite: true } },
            },
          }),
        ],
        test: {
          name: 'worker-standalone',
          include: [
            'standalone/**/*.test.ts',
            'worker/routes/**/*.test.ts',
            'worker/store/**/*.test.ts',
            'worker/security.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        // The launcher, the gate and the whole thing from outside are tested in Node.
        test: {
          name: 'node',
          include: ['box/**/*.test.ts', 'e2e/**/*.test.ts', 'tools/**/*.test.ts', 'ui/**/*.test.ts'],
          exclude: ['e2e/docker/**', 'e2e/standalone/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll },
        },
      },
      {
        // The same from outside, of the one file that runs without Node; and what is its own.
        test: {
          name: 'standalone',
          include: ['e2e/*.test.ts', 'e2e/standalone/**/*.test.ts'],
          env: { KEYSTORE_RUNTIME: 'standalone' },
          globalSetup: ['testing/build-standalone.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll },
        },
      },
      {
        // The image, the helper scripts and moving in, on a real Docker engine: `npm run test:docker`.
        test: {
          name: 'docker',
          include: ['e2e/docker/**/*.test.ts'],
          globalSetup: ['e2e/docker/engine.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 600_000,
          expect: { poll },
        },
      },
    ],
  },
});
