/**
 * The pages in docs/clients/, run as somebody would who follows them: in an empty folder, after the commands of README.md ("sh setup").
 * A fence with a file's name ("python file=read.py") is written to that file, "sh run" is run, and "text answer" is what it prints.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { node } from '../../testing/cli.ts';
import { project } from '../../testing/disk-vaults.ts';
import { findProgram, needTool, type Tool } from '../../testing/tools.ts';
import { ask, type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { drivers, findTools, installMs, pathOf } from './client-tools.ts';
import { type Client, clients, matrix } from './clients.ts';

const pagesFolder = join(project, 'docs/clients');
/** Of one page. Some programs try again and again if they are refused. */
const maxPageMs = 2 * 60_000;

const password = 'correct horse battery';

interface Fence {
  language: string;
  /** `run`, `setup`, `answer`, `file=NAME`, `not-run=REASON`, or nothing. */
  use: string;
  text: string;
}

function fencesOf(page: string): Fence[] {
  const text = readFileSync(join(pagesFolder, page), 'utf8');
  return [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', use = '', body = '']) => ({
    language,
    use,
    text: body,
  }));
}

const pages = globSync('*.md', { cwd: pagesFolder }).toSorted();
const setup = fencesOf('README.md').flatMap(({ use, text }) => (use === 'setup' ? [text] : []));

/** What a page needs beside the vault. */
const needs: Record<string, readonly Client['needs'][]> = {
  'python.md': ['python'],
  'node.md': ['npm'],
  'go.md': ['go'],
  'ansible.md': ['python'],
  'consul-template.md': ['bao', 'consul-template'],
};

let vault: RunningVault;
let tools: Record<Client['needs'], Tool>;
let folder: string;
let admin: string;

beforeAll(async () => {
  const env = { ADMIN_PASSWORD: password };
  [tools, vault] = await Promise.all([findTools(), startVault({ runtime: 'standalone', env })]);
  admin = await signIn(vault.url, 'admin', password);
  folder = mkdtempSync(join(tmpdir(), 'keystore-recipes-'));
}, installMs);

afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  await vault?.dispose();
});

/** An empty folder with the programs of a page on its PATH. */
function prepare(page: string): { cwd: string; env: Record<string, string> } {
  const home = join(folder, page);
  const [cwd, bin] = [join(home, 'work'), join(home, 'bin')];
  mkdirSync(cwd, { recursive: true });
  mkdirSync(bin);
  symlinkSync(node, join(bin, 'node'));
  symlinkSync(join(project, 'dist/cli/keystore.mjs'), join(bin, 'keystore'));
  for (const name of ['bao', 'consul-template'] as const)
    if ('path' in tools[name]) symlinkSync(tools[name].path, join(bin, name));
  if ('path' in tools.npm) symlinkSync(join(tools.npm.path, 'node_modules'), join(cwd, 'node_modules'));
  if (page === 'go.md') for (const file of ['go.mod', 'go.sum']) cpSync(join(drivers, 'go', file), join(cwd, file));
  const go = findProgram('go');
  const path = [bin, pathOf(tools.python, 'venv/bin'), ...(go ? [dirname(go)] : []), process.env.PATH];
  return {
    cwd,
    env: {
      PATH: path.join(':'),
      HOME: process.env.HOME ?? home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_CACHE_HOME: join(home, 'cache'),
      GOCACHE: process.env.GOCACHE ?? join(process.env.HOME ?? home, '.cache/go-build'),
      ANSIBLE_COLLECTIONS_PATH: pathOf(tools.python, 'collections'),
      ANSIBLE_LOCALHOST_WARNING: 'False',
      ANSIBLE_INVENTORY_UNPARSED_WARNING: 'False',
      LC_ALL: 'C.UTF-8',
      KEYSTORE_URL: vault.url,
      KEYSTORE_TOKEN: admin,
    },
  };
}

/** What the setup makes is made anew for each page. */
async function removeProject(): Promise<void> {
  const { body } = await ask<{ keys: { key_name: string }[] }>(vault.url, 'GET', '/keys?project=shop', {
    token: admin,
  });
  const all = { token: admin };
  for (const { key_name } of body.keys ?? [])
    await ask(vault.url, 'DELETE', `/keys/${encodeURIComponent(key_name)}`, all);
  const trash = await ask<{ keys: { id: number }[] }>(vault.url, 'GET', '/trash?project=shop', all);
  for (const { id } of trash.body.keys ?? []) await ask(vault.url, 'DELETE', `/trash/${id}`, all);
  await ask(vault.url, 'DELETE', '/projects/shop', all);
}

describe.each(pages)('docs/clients/%s', (page) => {
  const fences = fencesOf(page);

  test('its YAML and JSON are well-formed', () => {
    for (const { language, text } of fences) {
      if (language === 'yaml')
        for (const document of parseAllDocuments(text)) expect(document.errors, text).toEqual([]);
      if (language === 'json') JSON.parse(text);
    }
  });

  test.skipIf(!fences.some(({ use }) => use === 'run'))(
    'works when it is followed',
    { timeout: maxPageMs + 60_000 },
    async ({ skip }) => {
      for (const each of needs[page] ?? []) needTool(tools[each], skip);
      await removeProject();
      const { cwd, env } = prepare(page);
      const local = (text: string) => text.replaceAll('http://localhost:5000', vault.url);
      // The page shows the number that a new vault gives its first token.
      const roleId = 'ROLE_ID=$(sed -n "s/.*It is the token \\([0-9]*\\).*/\\1/p" ../setup.txt)';
      const steps = setup.map((text) => `{\n${local(text).replace('ROLE_ID=1', roleId)}\n} 2>>../setup.txt`);
      // From here on it is the token of the page, and nobody is signed in.
      steps.push('unset KEYSTORE_TOKEN');
      for (const [index, { use, text }] of fences.entries()) {
        const file = /^file=(\S+)$/.exec(use)?.[1];
        if (file !== undefined) writeFileSync(join(cwd, basename(file)), local(text));
        if (use === 'run') steps.push(`{\n${local(text)}\n} >../${index}.out || exit ${index + 10}`);
      }
      writeFileSync(join(cwd, '../page.sh'), `set -eu\n${steps.join('\n')}\n`);
      const ran = spawn('bash', ['../page.sh'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: maxPageMs });
      let printed = '';
      for (const stream of [ran.stdout, ran.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
      const [status] = (await once(ran, 'close')) as [number | null];
      const log = globSync('*.txt', { cwd }).map((name) => `${name}: ${readFileSync(join(cwd, name), 'utf8')}`);
      expect(status, `${printed}\n${log.join('\n')}`).toBe(0);
      for (const [index, { language, use, text }] of fences.entries()) {
        if (language !== 'text' || use !== 'answer') continue;
        expect(readFileSync(join(cwd, `../${index - 1}.out`), 'utf8')).toBe(text);
      }
    },
  );
});

test('README.md shows which client does what, as the suite drives them', () => {
  const shown = /<!-- matrix: .* -->\n([\s\S]*?)\n<!-- end of matrix -->/.exec(
    readFileSync(join(pagesFolder, 'README.md'), 'utf8'),
  );
  expect(shown?.[1]).toBe(matrix((client, verb) => (client.lacks.includes(verb) ? '–' : 'yes')));
});

test('every page is in the table of README.md', () => {
  const linked = [...readFileSync(join(pagesFolder, 'README.md'), 'utf8').matchAll(/\]\(([\w-]+\.md)\)/g)];
  expect([...new Set(linked.map(([, page]) => page))].toSorted()).toEqual(pages.filter((page) => page !== 'README.md'));
  expect(clients.length).toBeGreaterThanOrEqual(10);
});
