/**
 * Clients that other people have written for Vault, against live vaults on both runtimes. Each has a driver in drivers/, which does all
 * verbs in one run and tells of each whether it succeeded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needTool, type Tool } from '../../testing/tools.ts';
import { ask, type RunningVault, type Runtime, signIn, startVault } from '../../testing/vault.ts';
import { drivers, findTools, installMs, pathOf } from './client-tools.ts';
import { type Client, clients, matrix, type Verb, verbs } from './clients.ts';

const runtimes: readonly Runtime[] = ['wrangler', 'standalone'];

const maxDriverMs = 5 * 60_000;

/** How many drivers run at once. They wait most of the time. */
const places = 3;

const password = 'correct horse battery';

interface Outcome {
  verb: Verb;
  result: 'ok' | 'failed' | 'not offered';
  note: string;
}

const vaults = new Map<Runtime, RunningVault>();
let tools: Record<Client['needs'], Tool>;
const runs = new Map<string, Promise<Map<string, Outcome>>>();

function keyOf(runtime: Runtime, client: Client): string {
  return `${runtime} ${client.name}`;
}

/** A project, and in it what a driver signs in with: a token that manages and one that reads, each with a secret. */
async function configurationFor(vault: RunningVault, admin: string, client: Client): Promise<string> {
  const project = client.name.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '').toLowerCase();
  const asAdmin = <Body>(method: string, path: string, body: unknown) =>
    ask<Body>(vault.url, method, path, { token: admin, body });
  await asAdmin('POST', '/projects', { name: project });
  const tokenOf = async (access: string) => {
    const made = await asAdmin<{ id: number; token: string }>('POST', '/tokens', {
      name: `${project}-${access}`,
      project,
      access,
      scopes: [`${project}/*`],
    });
    if (made.status !== 201) throw new Error(`A token for ${project}: ${made.status} ${JSON.stringify(made.body)}`);
    return made.body;
  };
  const [manager, reader] = [await tokenOf('manage'), await tokenOf('read')];
  return JSON.stringify({
    address: vault.url,
    base: `${project}/prod`,
    outside: 'elsewhere/prod/KEY',
    roleId: String(manager.id),
    secretId: manager.token,
    readerRoleId: String(reader.id),
    readerSecretId: reader.token,
    username: 'admin',
    password,
  });
}

/** The program and arguments of a driver. */
function commandOf({ needs, driver }: Client): [string, ...string[]] {
  if (needs === 'python') return [pathOf(tools.python, 'venv/bin/python'), join(drivers, driver)];
  if (needs === 'go') return [pathOf(tools.go, driver)];
  return [process.execPath, join(drivers, driver)];
}

function environmentOf({ env }: Client): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    // Python would write beside the drivers.
    PYTHONDONTWRITEBYTECODE: '1',
    // Drivers in JavaScript find their packages by it; see drivers/packages.mjs.
    CLIENT_PACKAGES: pathOf(tools.npm),
    ANSIBLE_COLLECTIONS_PATH: pathOf(tools.python, 'collections'),
    BAO: pathOf(tools.bao),
    CONSUL_TEMPLATE: pathOf(tools['consul-template']),
    ...env,
  };
}

async function drive(vault: RunningVault, admin: string, client: Client): Promise<Map<string, Outcome>> {
  const configuration = await configurationFor(vault, admin, client);
  const [command, ...args] = commandOf(client);
  const child = spawn(command, args, {
    env: { ...environmentOf(client), CLIENT_CONFIG: configuration },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: maxDriverMs,
  });
  let [printed, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (printed += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await once(child, 'close');
  const lines = printed.split('\n').filter((line) => line.startsWith('{'));
  const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
  if (outcomes.length === 0) throw new Error(`${client.name} told nothing:\n${printed}${errors}`);
  return new Map(outcomes.map((outcome) => [outcome.verb, outcome]));
}

beforeAll(async () => {
  const started = runtimes.map(async (runtime) => {
    const vault = await startVault({ runtime, env: { ADMIN_PASSWORD: password, MAX_REQUESTS_PER_MINUTE: '100000' } });
    vaults.set(runtime, vault);
  });
  [tools] = await Promise.all([findTools(), ...started]);
  const admins = new Map<RunningVault, string>();
  for (const vault of vaults.values()) {
    const token = await signIn(vault.url, 'admin', password);
    admins.set(vault, token);
    await ask(vault.url, 'POST', '/projects', { token, body: { name: 'elsewhere' } });
    await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'elsewhere/prod/KEY', api_key: 'out of reach' } });
  }
  const waiting = clients
    .filter(({ needs }) => 'path' in tools[needs])
    .flatMap((client) => [...vaults].map(([runtime, vault]) => ({ runtime, vault, client })));
  const settle = new Map<string, { resolve: (made: Map<string, Outcome>) => void; reject: (error: unknown) => void }>();
  for (const { runtime, client } of waiting) {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, Outcome>>();
    promise.catch(() => {});
    runs.set(keyOf(runtime, client), promise);
    settle.set(keyOf(runtime, client), { resolve, reject });
  }
  const next = async (): Promise<void> => {
    const run = waiting.shift();
    if (run === undefined) return;
    const { resolve, reject } = settle.get(keyOf(run.runtime, run.client)) ?? {};
    await drive(run.vault, admins.get(run.vault) ?? '', run.client).then(resolve, reject);
    return next();
  };
  void Promise.all(Array.from({ length: places }, next));
}, installMs);

const results = new Map<string, string>();

afterAll(async () => {
  // Not by console.log, which vitest keeps to itself unless a test fails.
  const cell = (client: Client, verb: Verb) =>
    runtimes.map((runtime) => results.get(`${keyOf(runtime, client)} ${verb}`) ?? '?').join(' / ');
  process.stdout.write(`\nClients of Vault; each cell: ${runtimes.join(' / ')}\n${matrix(cell)}\n\n`);
  for (const vault of vaults.values()) await vault.dispose();
});

describe.each(runtimes)('on %s', (runtime) => {
  describe.each(clients)('$name', (client) => {
    test.for(verbs)('%s', { timeout: maxDriverMs }, async (verb, { skip }) => {
      const cell = `${keyOf(runtime, client)} ${verb}`;
      results.set(cell, 'skipped');
      needTool(tools[client.needs], skip);
      results.set(cell, 'FAILED');
      const { result, note } = (await runs.get(keyOf(runtime, client)))?.get(verb) ?? {};
      expect(result, note).toBe(client.lacks.includes(verb) ? 'not offered' : 'ok');
      results.set(cell, client.lacks.includes(verb) ? '–' : 'ok');
    });
  });
});
