import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = join(import.meta.dirname, '..');
const poll = { timeout: 30_000 };

let folder: string;
let project: string;
let dev: ChildProcess;
let output = '';
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-dev-'));
  project = join(folder, 'project');
  cpSync(join(root, 'box/testdata/vault'), project, { recursive: true });
  mkdirSync(join(folder, 'tmp'));
  dev = spawn(process.execPath, [join(root, 'tools/dev.ts'), project], {
    env: { PATH: process.env.PATH, TMPDIR: join(folder, 'tmp'), PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [dev.stdout, dev.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  await vi.waitFor(() => expect(output).toContain('Waiting for changes'), poll);
  url = /http:\/\/localhost:\d+/.exec(output)?.[0] ?? '';
});

afterAll(async () => {
  const ended = dev.exitCode === null && dev.signalCode === null ? once(dev, 'exit') : undefined;
  dev.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

async function read(path: string): Promise<string> {
  return (await fetch(`${url}${path}`)).text();
}

/** Saves as most editors do: in a new file that replaces the old one. */
function save(name: string, change: (text: string) => string): void {
  const file = join(project, name);
  writeFileSync(join(folder, 'saved'), change(readFileSync(file, 'utf8')));
  renameSync(join(folder, 'saved'), file);
}

test('serves a change of the worker, and keeps the data', async () => {
  await fetch(`${url}/notes`, { method: 'POST', body: 'kept' });
  save('worker/index.ts', (text) => text.replace("'alive'", "'changed'"));
  await expect.poll(() => read('/health/live'), poll).toContain('changed');
  expect(await read('/notes')).toBe('["kept"]');
});

test('serves a change of the UI, on a page that reloads itself', async () => {
  const before = await read('/index.html');
  expect(before).toContain('src="/assets/reload.js"');
  expect(await read('/assets/reload.js')).toContain('location.reload()');
  save('ui/main.ts', (text) => text.replace('Fixture', 'Changed'));
  await expect.poll(() => read('/index.html'), poll).not.toBe(before);
  const [script = ''] = /\/assets\/main-\w+\.js/.exec(await read('/index.html')) ?? [];
  await expect.poll(() => read(script), poll).toContain('Changed');
});

test('goes on serving the last good build when a build fails, and recovers', async () => {
  save('worker/index.ts', (text) => `this is no TypeScript(\n${text}`);
  await expect.poll(() => output, poll).toContain('The build failed');
  expect(await read('/health/live')).toContain('changed');
  save('worker/index.ts', (text) => text.replace(/^.*\n/, '').replace("'changed'", "'repaired'"));
  await expect.poll(() => read('/health/live'), poll).toContain('repaired');
});

test('writes only into .dev, and Ctrl-C leaves no process and no temporary file', async () => {
  const family = descendants(dev.pid as number);
  expect(family.length).toBeGreaterThan(2);
  expect(existsSync(join(project, 'dist'))).toBe(false);
  expect(existsSync(join(project, 'data'))).toBe(false);
  expect(readdirSync(join(project, '.dev'))).toEqual(expect.arrayContaining(['.env', 'data', 'dist']));
  const ended = once(dev, 'exit');
  dev.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  await expect.poll(() => family.filter(isAlive), poll).toEqual([]);
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
});

function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const found = [pid];
  for (const parent of found) found.push(...pairs.filter(([, of]) => of === parent).map(([child]) => child));
  return found;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
