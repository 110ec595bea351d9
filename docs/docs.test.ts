/**
 * Holds the documentation against the code: links, paths, commands, variables and routes exist, and the examples run.
 *
 * A fence of shell commands says in its info string whether it runs here: "sh run", or "sh not-run=REASON". The fences of one
 * page run in order, in one shell, against a new vault. A fence "json answer" after one is what it prints: fields and types
 * are compared, values are not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workerVariables } from '../core/settings/settings.ts';
import { type RunningVault, startVault } from '../testing/vault.ts';

const root = join(import.meta.dirname, '..');
const metricsToken = 'token-of-the-metrics-for-the-docs';
const notOurs = ['node_modules', '.git', '.dev', '.wrangler', 'dist', 'data', 'backups', 'output'];

const find = (pattern: string) =>
  globSync(pattern, { cwd: root, exclude: (path) => notOurs.includes(path.split('/')[0] ?? '') });
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Why a fence does not run here, and where the same is tested. */
const reasons: Record<string, string> = {
  server: 'runs until it is stopped; e2e/service.test.ts and tools/dev.test.ts start one',
  slow: 'runs a whole suite or build; .ci/run does',
  docker: 'needs a Docker engine; e2e/docker',
  cloudflare: 'needs an account; .ci/run builds the bundle',
  install: 'installs a client; e2e/vault-clients has it',
  elsewhere: 'changes another system',
  backup: 'needs a backup or a stopped vault; box/commands/verify-audit.test.ts and archive-logs.test.ts',
};

/** They name the files and variables of others. e2e/vault-clients/recipes.test.ts runs them. */
const isRecipe = (path: string) => path.startsWith('docs/clients/');

interface Fence {
  info: string;
  text: string;
}

interface Page {
  path: string;
  fences: Fence[];
  /** Everything outside of fences. */
  prose: string;
}

const fencePattern = /^( *)```(.*)\n([\s\S]*?)^ *```$/gm;

const parsePage = (path: string): Page => {
  const text = read(path);
  const fences = [...text.matchAll(fencePattern)].map(([, indent = '', info = '', body = '']) => ({
    info: info.trim(),
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
  return { path, fences, prose: text.replaceAll(fencePattern, '') };
};

const pages = [...find('**/*.md'), ...find('.github/**/*.md')].map(parsePage);
const codeSpans = ({ prose }: Page) => [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
const shellFences = ({ fences }: Page) => fences.filter(({ info }) => /^(ba|z)?sh\b/.test(info));

test('every page is found', () => {
  expect(pages.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/API.md', 'CONTRIBUTING.md']),
  );
});

describe.each(pages)('$path', (page) => {
  const { path, prose } = page;

  test('links lead to files and headings that exist', () => {
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      // In a pull request, links are relative to its URL.
      const fromPullRequest = file.replace(/^\.\.\/blob\/main\//, '');
      const linked = file === '' ? path : fromPullRequest !== file ? fromPullRequest : join(dirname(path), file);
      expect.soft(existsSync(join(root, linked)), target).toBe(true);
      if (anchor !== undefined) expect.soft(anchorsOf(linked), target).toContain(anchor);
    }
  });

  test('shell commands run, or say why they do not run here', () => {
    for (const { info, text } of shellFences(page)) {
      const isRun = info === 'sh run' || (isRecipe(path) && /^sh (?:setup|file=\S+)$/.test(info));
      expect.soft(isRun || Object.hasOwn(reasons, info.replace('sh not-run=', '')), text).toBe(true);
    }
  });

  test('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, script = ''] of read(path).matchAll(/npm run (?:--\S+ )?([a-z][\w:-]*)/g)) {
      expect.soft(Object.keys(scripts)).toContain(script);
    }
  });

  test.skipIf(path === 'CHANGELOG.md' || isRecipe(path))('names only files and folders that exist', () => {
    const words = [...codeSpans(page), ...shellFences(page).map(({ text }) => text)].flatMap((text) =>
      text.split(/\s+/),
    );
    for (const name of words.map((word) => word.replace(/^\.\/|[;,]$|\/$/g, '')).filter(isPath)) {
      expect.soft(find(name.includes('/') ? name : `**/${name}`), name).not.toEqual([]);
    }
  });

  test.skipIf(path === 'CHANGELOG.md' || isRecipe(path))('names only variables that the code reads', () => {
    const text = [prose, ...shellFences(page).flatMap(({ info, text: shell }) => (info === 'sh run' ? [] : [shell]))];
    for (const [name] of text.join('\n').matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)) {
      expect.soft(sources.includes(name.replace(/_FILE$/, '')), name).toBe(true);
    }
  });
});

const topFolders = new Set(find('*/').map((name) => name.replace(/\/$/, '')));
/** Written by a program, and no part of the repository. */
const madeLater = ['bench/results', 'vault.json'];

/** Whether a word of code is meant as a path of this repository. */
function isPath(word: string): boolean {
  if (!/^[\w.*/-]+$/.test(word) || madeLater.includes(word)) return false;
  if (/^[\w.-]+\.(ts|json|toml|sh|yml|md)$/.test(word)) return true;
  return word.includes('/') && topFolders.has(word.split('/')[0] ?? '');
}

const sources = [
  ...find('{core,box,cli,worker,standalone,HelperScripts,docker,testing,e2e}/**/*.{ts,sh}').filter(
    (path) => !path.endsWith('.test.ts'),
  ),
  'docker-compose.yml',
  'Dockerfile',
]
  .map(read)
  .join('\n');

/** As GitHub makes them from headings. */
function anchorsOf(path: string): string[] {
  return [...parsePage(path).prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('docs/CONFIGURATION.md names every variable that the vault, the scripts and compose read', () => {
  const scripts = [...find('HelperScripts/*.sh'), 'docker-compose.yml', 'Dockerfile'].map(read).join('\n');
  const page = read('docs/CONFIGURATION.md');
  const names = new Set([...workerVariables, ...(scripts.match(/\bKEYSTORE_[A-Z_]+\b/g) ?? [])]);
  for (const name of names) expect.soft(page.includes(`\`${name}\``), name).toBe(true);
});

test('docs/API.md describes every route of the app, except those of the Vault API, and no other', async () => {
  const { createApp } = (await import(join(root, 'worker/app.ts'))) as {
    createApp: (settings: object) => { routes: { method: string; path: string }[] };
  };
  const withMetrics = { vault: { metrics: { noteAnswer: () => {} } }, metricsToken };
  const routes = createApp({ ...withMetrics, corsOrigins: [] })
    .routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*' && !path.startsWith('/v1/'))
    .map(({ method, path }) => `${method} ${path.replace('{.+}', '').replaceAll(/:\w+/g, '{}')}`);
  // A path parameter may have another name in the code than on the wire.
  const described = [...read('docs/API.md').matchAll(/^### `([A-Z]+ \S+)`$/gm)].map(([, route = '']) =>
    route.replaceAll(/\{\w+\}/g, '{}'),
  );
  expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
});

const examples = pages.filter(({ path, fences }) => !isRecipe(path) && fences.some(({ info }) => info === 'sh run'));

test('docs/VAULT.md names every route of the Vault API with its methods', async () => {
  const { createApp } = (await import(join(root, 'worker/app.ts'))) as {
    createApp: (settings: object) => { routes: { method: string; path: string }[] };
  };
  const page = read('docs/VAULT.md');
  const rows = [...page.matchAll(/^\| (?:`([\w/{}-]+)` )?\| ([A-Z, ]+) \|/gm)];
  const named = new Set<string>();
  let path = '';
  for (const [, name = path, methods = ''] of rows) {
    path = name;
    for (const method of methods.split(', ')) named.add(`${method} /v1/${path}`);
  }
  const routes = createApp({ vault: {}, corsOrigins: [] })
    .routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'))
    .map(({ method, path }) => `${method} ${path.replace('*', '{path}').replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(routes.filter((route) => !named.has(route))).toEqual([]);
});

describe.each(examples)('the examples of $path', ({ fences }) => {
  let vault: RunningVault;
  let folder: string;
  /** What each fence printed, by its place on the page. */
  const printed = new Map<number, string>();

  beforeAll(async () => {
    vault = await startVault({ env: { METRICS_TOKEN: metricsToken } });
    folder = mkdtempSync(join(tmpdir(), 'keystore-docs-'));
    const script = fences.flatMap(({ info, text }, index) =>
      info === 'sh run'
        ? [`{ ${text.replaceAll('localhost:5000', new URL(vault.url).host)}\n} >${index}.out || exit ${index + 1}`]
        : [],
    );
    writeFileSync(join(folder, 'page.sh'), `set -u\n${script.join('\n')}\n`);
    const env = { ...process.env, METRICS_TOKEN: metricsToken };
    const ran = spawnSync('bash', ['page.sh'], { cwd: folder, env, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`Fence ${ran.status} failed:\n${ran.stderr}${String(ran.error ?? '')}`);
    for (const index of fences.keys()) {
      const file = join(folder, `${index}.out`);
      if (existsSync(file)) printed.set(index, readFileSync(file, 'utf8'));
    }
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await vault.dispose();
  });

  test('run to their end', () => {
    expect(printed.size).toBe(fences.filter(({ info }) => info === 'sh run').length);
  });

  const answers = fences.flatMap(({ info, text }, index) => (info === 'json answer' ? [{ index, text }] : []));

  test.each(
    answers.map(({ index, text }) => ({ index, text, command: fences[index - 1]?.text.trim().split('\n').at(-1) })),
  )('$command', ({ index, text }) => {
    const answer = printed.get(index - 1) ?? 'no command before it';
    expect(shapeOf(JSON.parse(answer))).toEqual(shapeOf(JSON.parse(text)));
  });
});

/** Fields and types. A list is its first item; null is whatever a field has when it has nothing. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]));
}
