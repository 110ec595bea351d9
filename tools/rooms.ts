/**
 * The table of rooms: what each part of the code is for, and what it may import. This is the only place that states it;
 * `borders.ts` makes the linter's rules and the picture in docs/ARCHITECTURE.md from it.
 *
 * A room is a folder, without the folders below it that are rooms of their own. Tests are free: they may import anything.
 */

export interface Room {
  /** What it is for, in one line. */
  purpose: string;
  /** The rooms that it may import. Only rooms above it in this table, so there can be no circle. */
  rooms: string[];
  /** The packages that it may import. `node:` stands for all of Node.js. */
  packages?: string[];
}

export const core = [
  'core',
  'core/policy',
  'core/network',
  'core/accounts',
  'core/crypto',
  'core/settings',
  'core/audit',
  'core/data-folder',
];
export const box = [
  'box',
  'box/gate',
  'box/runtime',
  'box/data',
  'box/audit',
  'box/move-in',
  'box/restore',
  'box/commands',
];
const features = {
  session: 'signing in and out, and the first new password',
  keys: 'the list of keys, and the page of each: search, reveal, copy, edit',
  projects: 'projects and their members',
  trash: 'deleted keys: restore, destroy',
  care: 'keys that need care, and why',
  tokens: 'service tokens: make, rotate, revoke',
  logs: 'the access log: its filters, its chart, the check of its proofs',
  users: 'user accounts, for admins',
  account: 'your own password, sessions and theme',
  about: 'version and health',
};
const preact = ['preact', 'preact/hooks', '@preact/signals', 'htm/preact'];

/** From the foundations up. */
export const rooms: Record<string, Room> = {
  'core/policy': { purpose: 'who may do what, as a table', rooms: [] },
  core: {
    purpose: 'limits, vocabulary, errors: what every part reads; no I/O',
    rooms: ['core/policy'],
    packages: ['../package.json'],
  },
  'core/network': {
    purpose: 'client addresses, limits on bodies, error answers: the same for every server',
    rooms: ['core'],
    packages: ['ipaddr.js'],
  },
  'core/accounts': { purpose: 'user names and passwords: what is allowed', rooms: ['core'] },
  'core/crypto': {
    purpose: 'ciphers, hashes and tokens',
    rooms: ['core'],
    packages: ['@noble/ciphers', '@noble/hashes', 'jose', 'node:buffer'],
  },

  'core/settings': {
    purpose: 'env files, settings and keys, and what a start says',
    rooms: ['core', 'core/crypto', 'core/network'],
  },
  'core/audit': {
    purpose: 'the Merkle tree over the log: leaves, proofs, signed checkpoints',
    rooms: ['core', 'core/crypto'],
    packages: ['@noble/hashes', 'node:'],
  },
  'core/import': {
    purpose: 'reads the files that keys are imported from',
    rooms: ['core', 'core/settings'],
    packages: ['papaparse'],
  },
  'core/data-folder': {
    purpose: 'where things are in a data folder, when its database may be used, and what its owner may do to it',
    rooms: ['core', 'core/accounts', 'core/crypto', 'core/network', 'core/policy'],
  },

  'worker/store': {
    purpose: 'the schema, the verdict, one transaction per request',
    rooms: ['core', 'core/policy'],
    packages: ['drizzle-orm'],
  },
  'worker/operations': {
    purpose: 'one operation per sentence of the product',
    rooms: [...core, 'worker/store'],
    packages: ['drizzle-orm'],
  },
  'worker/answers': {
    purpose:
      'the schemas of answers: types of the worker and the UI, and the API document; no code of the worker at run time',
    rooms: ['core/policy'],
    packages: ['valibot'],
  },
  'worker/wire': {
    purpose: 'JSON as clients see it: schemas of requests, shapes of answers',
    rooms: [
      'core',
      'core/accounts',
      'core/audit',
      'core/crypto',
      'core/network',
      'core/policy',
      'core/settings',
      'worker/operations',
      'worker/answers',
    ],
    packages: ['valibot', 'hono'],
  },
  'worker/http': {
    purpose: 'bodies, credentials, headers: from HTTP to an operation and back',
    rooms: ['core', 'core/crypto', 'core/network', 'core/policy', 'worker/operations', 'worker/wire'],
    packages: ['hono', 'valibot'],
  },
  'worker/routes': {
    purpose: 'the table of contents: path, schemas, operation, reply',
    rooms: ['core', 'worker/operations', 'worker/wire', 'worker/http'],
    packages: ['hono'],
  },
  'worker/vault-api': {
    purpose: 'the same operations as clients of HashiCorp Vault and OpenBao ask for them, under /v1',
    rooms: ['core', 'core/accounts', 'core/crypto', 'core/policy', 'worker/operations', 'worker/wire', 'worker/http'],
    packages: ['hono', 'valibot'],
  },
  worker: {
    purpose: 'the product: environment, app and entry point',
    rooms: [...core, 'worker/operations', 'worker/wire', 'worker/http', 'worker/routes', 'worker/vault-api'],
    packages: ['hono'],
  },
  openapi: {
    purpose: 'the API document and its page, made by the build; no part of the worker',
    rooms: ['core', 'worker', 'worker/answers', 'worker/http'],
    packages: ['valibot', '@valibot/to-json-schema'],
  },
  box: {
    purpose: 'what surrounds the worker on a machine: settings',
    rooms: ['core', 'core/crypto', 'core/settings'],
    packages: ['node:'],
  },
  'box/gate': {
    purpose: 'the process that faces the network',
    rooms: ['core', 'core/network', 'core/settings', 'box'],
    packages: ['node:'],
  },
  'box/d1': {
    purpose: "D1's side of the worker's database under `wrangler dev`; it runs in workerd",
    rooms: ['core'],
    packages: ['cloudflare:workers'],
  },
  'box/runtime': {
    purpose: 'starts, watches and restarts `wrangler dev`',
    rooms: ['core', 'core/crypto', 'core/network', 'core/data-folder', 'box', 'box/gate'],
    packages: ['node:', 'wrangler'],
  },
  'box/data': {
    purpose: 'the data folder: database, lock, migrations, restore journal',
    rooms: [...core, 'box'],
    packages: ['node:'],
  },
  'box/audit': {
    purpose: 'verifies the log of a database, and moves events to archive files',
    rooms: [...core, 'box', 'box/data'],
    packages: ['node:'],
  },
  'box/move-in': { purpose: 'from a database of v0.6', rooms: [...core, 'box', 'box/data'], packages: ['node:'] },
  'box/restore': {
    purpose: 'a restore that either happens whole or not at all',
    rooms: [...core, 'box', 'box/data', 'box/audit', 'box/move-in'],
    packages: ['node:'],
  },
  'box/commands': {
    purpose: 'start, backup, restore, check, build and the rest',
    rooms: [...core, ...box.slice(0, -1)],
    packages: ['node:', 'esbuild', 'rolldown', 'htm'],
  },

  'standalone/database': {
    purpose: "SQLite in the place of D1, with D1's interface and group commit",
    rooms: ['core', 'core/crypto', 'core/settings', 'core/data-folder'],
    packages: ['cloudflare:workers', 'keystore:migrations', 'node:async_hooks'],
  },
  'standalone/launcher': {
    purpose: 'starts the standalone vault: a shell script, and setup.ts for settings and checks',
    rooms: ['core', 'core/settings', 'core/data-folder'],
  },
  'standalone/hasher': {
    purpose: 'a process of its own that hashes passwords',
    rooms: ['core', 'core/crypto'],
    packages: ['node:crypto'],
  },
  'standalone/http': {
    purpose: "an HTTP server over the runtime's TCP sockets, which bounds what one client may use up",
    rooms: ['core', 'core/network'],
  },
  standalone: {
    purpose: 'what the worker meets on a plain workerd',
    rooms: [
      'core',
      'core/network',
      'core/settings',
      'core/audit',
      'core/data-folder',
      'standalone/database',
      'standalone/http',
    ],
    packages: ['hono/utils', 'cloudflare:workers', 'keystore:worker', 'keystore:ui'],
  },

  'ui/api': {
    purpose: 'the only place that talks to the vault',
    // Types only: they vanish from the bundle.
    rooms: ['worker/answers'],
    packages: ['@preact/signals', 'valibot'],
  },
  'ui/parts': {
    purpose: 'buttons, dialogs, lists; they know no domain',
    rooms: ['core', 'ui/api'],
    packages: preact,
  },
  'ui/shell': {
    purpose: 'the frame around the pages, the address, the theme',
    rooms: ['ui/api', 'ui/parts'],
    packages: preact,
  },
  ...Object.fromEntries(
    Object.entries(features).map(([name, purpose]) => [
      `ui/${name}`,
      {
        purpose,
        // A pasted line means what it means in a .env file, and so does an imported file.
        rooms: [
          'core',
          ...(name === 'keys' ? ['core/settings', 'core/import', 'core/policy'] : []),
          ...(name === 'tokens' ? ['core/policy'] : []),
          // The browser checks proofs itself.
          ...(name === 'logs' ? ['core/audit'] : []),
          'ui/api',
          'ui/parts',
          'ui/shell',
        ],
        packages: preact,
      } satisfies Room,
    ]),
  ),
  ui: {
    purpose: 'the browser UI: puts the features together',
    rooms: ['ui/api', 'ui/parts', 'ui/shell', ...Object.keys(features).map((name) => `ui/${name}`)],
    packages: [...preact, './style/index.css'],
  },

  'cli/terminal': {
    purpose: 'what people type and see, and how a command fails',
    rooms: ['core'],
    packages: ['node:'],
  },
  'cli/vault': {
    purpose: 'which vault, requests to it, and copies of values for when it cannot be reached',
    rooms: ['core', 'cli/terminal'],
    packages: ['node:'],
  },
  'cli/formats': {
    purpose: 'names of variables, and what `keystore export` writes',
    rooms: ['core', 'core/settings', 'cli/terminal', 'cli/vault'],
  },
  'cli/run': {
    purpose: 'starts a command with values, masks its output, passes signals on',
    rooms: ['core', 'cli/terminal', 'cli/vault', 'cli/formats'],
    packages: ['node:'],
  },
  'cli/helpers': {
    purpose: 'answers git, docker and AWS in their own formats',
    rooms: ['cli/terminal', 'cli/vault'],
  },
  'cli/commands': {
    purpose: 'the table of commands, and one file for each',
    rooms: ['core', 'core/audit', 'core/import', 'cli/terminal', 'cli/vault', 'cli/formats', 'cli/run', 'cli/helpers'],
    packages: ['node:'],
  },
  cli: {
    purpose: 'the command line for users, as one file; it knows the vault by its API only',
    rooms: ['core', 'cli/terminal', 'cli/commands'],
    packages: ['node:'],
  },

  'worker/testing': {
    purpose: 'a whole vault in memory, for tests of routes',
    rooms: ['core', 'core/crypto', 'worker', 'worker/operations', 'worker/http', 'worker/wire', 'openapi'],
    packages: ['cloudflare:test', 'vitest'],
  },
  'standalone/testing': {
    purpose: "the same on the standalone runtime's database",
    rooms: ['standalone', 'standalone/database', 'worker/testing'],
    packages: ['cloudflare:test', 'cloudflare:workers'],
  },
  testing: {
    purpose: 'starts a real vault, and makes folders and databases for one',
    rooms: [...core, ...box],
    packages: ['node:', 'vitest'],
  },
  'e2e/browser/support': {
    purpose: 'drives Chromium',
    rooms: ['testing'],
    packages: ['node:', 'playwright-core', 'vitest'],
  },
  'e2e/docker': {
    purpose: 'images, scripts and containers, on a Docker engine',
    rooms: ['testing'],
    packages: ['node:', 'vitest'],
  },
  'e2e/standalone': { purpose: 'the one-file vault, from outside', rooms: ['testing'], packages: ['node:', 'vitest'] },
  'bench/worker': {
    purpose: 'what of the benchmark runs in workerd: the steps of the ladder, and counts per request',
    rooms: ['core', 'core/crypto', 'worker', 'worker/testing', 'standalone', 'standalone/database', 'standalone/http'],
    packages: ['../counts.json', 'keystore:worker'],
  },
  bench: {
    purpose: 'measures both runtimes under load, in units of a yardstick',
    rooms: [...core, ...box, 'testing'],
    packages: ['node:', 'esbuild', 'miniflare', 'playwright-core'],
  },
  docker: { purpose: 'packs the image', rooms: [], packages: ['node:'] },
  tools: {
    purpose: 'what a developer runs: dev, seed, pictures for the docs, checks of the code',
    rooms: ['worker/store', 'box/commands'],
    packages: ['node:', 'rolldown', 'playwright-core'],
  },
};
