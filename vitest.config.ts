/** The suites. A test file belongs to one by its folder; tests of routes run in two, once per database. */
import { availableParallelism } from 'node:os';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { countedCrypto } from './testing/counted-crypto.ts';
import { standaloneDatabase } from './testing/standalone-database.ts';

const migrations = await readD1Migrations('migrations');

/**
 * Longer than anything takes that succeeds, even on a machine that is busy with other things. A shared machine that stalls can still
 * fail a test that drives a browser or a process: in CI such a test runs once more, and its line says `retry x1`.
 */
const patient = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
  retry: process.env.CI ? 1 : 0,
};

/** The worker with D1, as in `npm start`. */
const onD1 = () =>
  cloudflareTest({
    wrangler: { configPath: './wrangler.toml' },
    miniflare: { bindings: { TEST_MIGRATIONS: migrations } },
  });

/** The worker with the database of the standalone runtime. */
const onStandalone = () =>
  cloudflareTest({
    main: './standalone/testing/main.ts',
    miniflare: {
      compatibilityDate: '2026-11-01',
      compatibilityFlags: ['nodejs_compat'],
      bindings: { TEST_MIGRATIONS: migrations, KNOWN_VAULT: '' },
      durableObjects: { DATABASE: { className: 'VaultDatabase', useSQLite: true } },
    },
  });

/** To start a process for each file costs more than most of these tests: they keep nothing in their modules, so files of one project share one. */
const together = { isolate: false };
/** In workerd the files also share a database, which is emptied before each. */
const inWorkerd = { ...together, setupFiles: ['worker/testing/fresh-file.ts'] };
const unitsOfNode = ['ui/**/*.test.ts', 'box/{d1,gate,runtime}/**/*.test.ts', 'cli/{helpers,vault}/**/*.test.ts'];

/** What others wrote comes to workerd as one module for each package: it fetches hundreds of files one by one, for each test file. */
const bundled = {
  deps: {
    optimizer: {
      ssr: {
        enabled: true,
        include: [
          'drizzle-orm',
          'drizzle-orm/sqlite-core',
          'valibot',
          '@valibot/to-json-schema',
          'hono',
          'hono/factory',
          'hono/utils/accept',
          'hono/utils/mime',
          'hono/route',
          'hono/method-not-allowed',
          'hono/etag',
          'hono/cors',
          'hono/cookie',
          'jose',
          'papaparse',
          'fast-check',
        ],
      },
    },
  },
};

export default defineConfig({
  test: {
    silent: 'passed-only',
    // vitest leaves one core to itself, but many of these files spend most of their time waiting: for starts, time-outs, other programs.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        // What runs in the worker is tested in workerd, beside the code.
        plugins: [onD1()],
        test: {
          ...patient,
          ...bundled,
          ...inWorkerd,
          name: 'worker',
          include: ['{core,worker,openapi}/**/*.test.ts'],
        },
      },
      {
        // The same tests of the routes, on the database of the standalone runtime.
        plugins: [standaloneDatabase, onStandalone()],
        test: {
          ...patient,
          ...bundled,
          ...inWorkerd,
          name: 'worker-standalone',
          include: [
            'standalone/**/*.test.ts',
            'worker/routes/**/*.test.ts',
            'worker/vault-api/**/*.test.ts',
            'worker/store/**/*.test.ts',
            'worker/security.test.ts',
          ],
        },
      },
      {
        // What a request costs, as counts, on either database.
        plugins: [countedCrypto, onD1()],
        test: { ...patient, name: 'counts', include: ['bench/worker/{npm-start,growth}.test.ts'] },
      },
      {
        plugins: [countedCrypto, standaloneDatabase, onStandalone()],
        test: { ...patient, name: 'counts-standalone', include: ['bench/worker/standalone.test.ts'] },
      },
      {
        // The logic of the UI, and parts of what surrounds the worker.
        test: { ...patient, ...together, name: 'units', include: unitsOfNode },
      },
      {
        // What surrounds the worker, the tools, and a whole vault (`npm start`) from outside.
        test: {
          ...patient,
          name: 'node',
          include: ['{bench,box,cli,docs,e2e,tools}/**/*.test.ts'],
          exclude: [
            ...unitsOfNode,
            'bench/worker/**',
            'e2e/docker/**',
            'e2e/standalone/**',
            'e2e/vault-clients/**',
            'e2e/log-judge/**',
          ],
          globalSetup: ['testing/build.ts'],
        },
      },
      {
        // The standalone file from outside: the same tests as of `npm start`, and its own.
        test: {
          ...patient,
          name: 'standalone',
          include: ['e2e/*.test.ts', 'e2e/cli/**/*.test.ts', 'e2e/standalone/**/*.test.ts'],
          env: { KEYSTORE_RUNTIME: 'standalone' },
          globalSetup: ['testing/build.ts'],
        },
      },
      {
        // Programs of others, on both runtimes: clients that speak Vault's API, and one that judges the log.
        test: {
          ...patient,
          name: 'clients',
          include: ['e2e/vault-clients/**/*.test.ts', 'e2e/log-judge/**/*.test.ts'],
          globalSetup: ['testing/build.ts'],
        },
      },
      {
        // The images, the helper scripts and moving in, on a real Docker engine: `npm run test:docker`.
        test: {
          ...patient,
          name: 'docker',
          include: ['e2e/docker/**/*.test.ts'],
          globalSetup: ['e2e/docker/engine.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
