import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compileCache } from '../../testing/disk-vaults.ts';

const fixture = join(import.meta.dirname, '../testdata/vault');
const launch = join(import.meta.dirname, '../testdata/launch.ts');
const slower = 'There is no direct way to the worker: the vault is slower than it could be.';
const secret = 'a-$secret-"with"-`odd`-\\characters-#-é';

const folders: string[] = [];
const launched: Launched[] = [];

async function clean(): Promise<void> {
  for (const each of launched.splice(0)) {
    each.child.kill('SIGKILL');
    await gone(each);
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

afterEach(clean);

/** A project with the fixture worker, or a copy of another one, and a folder for the temporary files of its launcher. */
function project(from = fixture): string {
  const folder = mkdtempSync(join(tmpdir(), 'launcher test '));
  folders.push(folder);
  cpSync(from, join(folder, 'project'), { recursive: true, preserveTimestamps: true });
  mkdirSync(join(folder, 'tmp'));
  return join(folder, 'project');
}

/** Starts a vault that several tests look at, and leave as it is. Its hooks end it after them. */
function sharedVault(
  prepare: (folder: string) => Record<string, string>,
): () => Launched & { folder: string; url: string } {
  let shared: Launched & { folder: string; url: string };
  const mine = { folders: [] as string[], launched: [] as Launched[] };
  beforeAll(async () => {
    const folder = project();
    const vault = launchIn(folder, prepare(folder));
    mine.folders.push(...folders.splice(0));
    mine.launched.push(...launched.splice(0));
    const url = await vault.up;
    // After `up`: it sets the family.
    shared = Object.assign(vault, { folder, url });
  });
  afterAll(async () => {
    folders.push(...mine.folders);
    launched.push(...mine.launched);
    await clean();
  });
  return () => shared;
}

function temporary(folder: string): string {
  return join(folder, '../tmp');
}

interface Launched {
  child: ChildProcess;
  output: () => string;
  /** The URL that it prints; rejects with all its output if it ends before. */
  up: Promise<string>;
  exit: Promise<number | null>;
  /** All its descendants, from when it was up. */
  family: number[];
}

function launchIn(folder: string, env: Record<string, string> = {}): Launched {
  const child = spawn(process.execPath, [launch, folder], {
    env: { ...compileCache, PATH: process.env.PATH, TMPDIR: temporary(folder), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const result: Launched = { child, output: () => output, up: Promise.resolve(''), exit, family: [] };
  result.up = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        const url = /http:\/\/localhost:\d+/.exec(output)?.[0];
        if (!url || !output.includes('Ctrl-C')) return;
        result.family = descendants(child.pid as number);
        resolve(url);
      });
    }
    void exit.then(() => reject(new Error(`The launcher ended: ${output}`)));
  });
  result.up.catch(() => {});
  launched.push(result);
  return result;
}

/** Waits for a launcher that is expected to refuse, and returns what it says. */
async function refusal(folder: string, env?: Record<string, string>): Promise<string> {
  const { exit, output, family } = launchIn(folder, env);
  expect(await exit).toBe(1);
  expect(family).toEqual([]);
  expect(output()).not.toMatch(/ {4}at /);
  return output();
}

function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const found = [pid];
  for (const parent of found) found.push(...pairs.filter(([, of]) => of === parent).map(([child]) => child));
  return found;
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended; only its parent has not noticed yet.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until a launcher and all below it have ended, and says how long that took. */
async function gone({ child, exit, family }: Launched): Promise<number> {
  const started = Date.now();
  await exit;
  while ([child.pid as number, ...family].some(isAlive) && Date.now() - started < 8_000) await delay(20);
  expect(family.filter(isAlive)).toEqual([]);
  return Date.now() - started;
}

/** A signal ends a vault, all that it started, and its temporary files. */
async function expectEnd(vault: Launched, folder: string, signal: NodeJS.Signals): Promise<void> {
  vault.child.kill(signal);
  expect(await gone(vault)).toBeLessThan(5_000);
  expect(await vault.exit).toBe(0);
  expect(readdirSync(temporary(folder))).toEqual([]);
}

function databaseIn(folder: string): string {
  const shelf = join(folder, 'data/v3/d1/miniflare-D1DatabaseObject');
  return join(shelf, readdirSync(shelf).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) as string);
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

let used: string | undefined;

afterAll(() => {
  if (used) rmSync(join(used, '..'), { recursive: true, force: true });
});

/** A project whose vault has been up, holds one note, and is down again. It is made once; each test gets a copy. */
async function usedProject(): Promise<string> {
  if (!used) {
    const folder = project();
    const first = launchIn(folder);
    await fetch(`${await first.up}/notes`, { method: 'POST', body: 'kept' });
    first.child.kill('SIGTERM');
    await gone(first);
    folders.splice(folders.indexOf(join(folder, '..')), 1);
    used = folder;
  }
  return project(used);
}

describe('a first start', () => {
  test('makes keys, data and a sign-in; SIGINT leaves nothing behind within 5 s; the second finds them again', async () => {
    const folder = project();
    const first = launchIn(folder);
    const url = await first.up;
    expect(first.output()).toMatch(/admin \/ admin123/);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'healthy' });
    expect((await fetch(`${url.replace('localhost', '127.0.0.1')}/index.html`)).status).toBe(200);
    const keys = readFileSync(join(folder, '.env'), 'utf8');
    expect(keys).toMatch(/^SECRET_KEY=[\w+/]{64}$/m);
    expect(keys).toMatch(/^ENCRYPTION_KEY=[\w-]{43}=$/m);
    expect(await (await fetch(`${url}/bindings`)).json()).toMatchObject({ FIRST_ACCOUNTS: 'default' });
    await fetch(`${url}/notes`, { method: 'POST', body: 'kept' });
    expect([mode(join(folder, '.env')), mode(join(folder, 'data')), mode(databaseIn(folder))]).toEqual([
      '600',
      '700',
      '600',
    ]);
    const files = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true });
    for (const file of files) expect(mode(join(file.parentPath, file.name))).toBe(file.isFile() ? '600' : '700');
    await expectEnd(first, folder, 'SIGINT');

    const second = launchIn(folder);
    const again = await second.up;
    expect(second.output()).toMatch(/with your account/);
    expect(second.output()).not.toMatch(/admin123|Made|Applied|Built/);
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(keys);
    expect(await (await fetch(`${again}/notes`)).json()).toEqual(['kept']);
    expect(await (await fetch(`${again}/bindings`)).json()).not.toHaveProperty('FIRST_ACCOUNTS');
  });

  test('goes through all of wrangler, and says so, if there is no direct way', async () => {
    const folder = project();
    const replaceIn = (name: string, from: string, to: string) => {
      const file = join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(from, to));
    };
    replaceIn('wrangler.toml', 'binding = "DB"', 'binding = "OTHER"');
    replaceIn('worker/index.ts', 'env.DB', 'env.OTHER');
    const vault = launchIn(folder);
    expect((await fetch(`${await vault.up}/headers`)).status).toBe(200);
    expect(vault.output()).toContain(slower);
    const long = join(temporary(folder), 'x'.repeat(100));
    execFileSync('mkdir', [long]);
    const other = launchIn(project(), { TMPDIR: long });
    expect((await fetch(`${await other.up}/headers`)).status).toBe(200);
    expect(other.output()).toContain(slower);
  });

  test('writes nothing into a project that is built already; SIGHUP leaves nothing behind within 5 s', async () => {
    const folder = await usedProject();
    const list = () =>
      execFileSync('find', [folder, '-path', `${folder}/data`, '-prune', '-o', '-print'], { encoding: 'utf8' });
    const before = list();
    const vault = launchIn(folder);
    await vault.up;
    expect(list()).toBe(before);
    await expectEnd(vault, folder, 'SIGHUP');
  });
});

describe('a vault that is up', () => {
  const shared = sharedVault((folder) => {
    writeFileSync(join(folder, 'password'), `${secret}\n`);
    writeFileSync(join(folder, '.env'), `SECRET_KEY=${'s'.repeat(40)}\nENCRYPTION_KEY=from-the-file\nCORS_ORIGINS=\n`);
    return {
      ENCRYPTION_KEY: 'from-the-process',
      ADMIN_PASSWORD_FILE: join(folder, 'password'),
      UNRELATED: 'unrelated',
    };
  });

  test('gives the worker its variables and no others, and shows no secret in process lists', async () => {
    const vault = shared();
    const { folder, url } = vault;
    const given = { SECRET_KEY: 's'.repeat(40), ENCRYPTION_KEY: 'from-the-process', ADMIN_PASSWORD: secret };
    const bindings = (await (await fetch(`${url}/bindings`)).json()) as Record<string, string>;
    const { GATE_SECRET = '', HASHER_KEY = '', HASHER_PORT, ...others } = bindings;
    expect(others).toEqual({ ...given, LOCAL_ONLY: 'yes' });
    for (const each of [GATE_SECRET, HASHER_KEY]) expect(each).toMatch(/^[\w-]{43}$/);
    expect(HASHER_PORT).toMatch(/^\d+$/);
    expect(vault.output()).toMatch(/ADMIN_PASSWORD/);
    expect(vault.output()).not.toContain(secret);
    const children = vault.family.filter((pid) => pid !== vault.child.pid);
    expect(children.length).toBeGreaterThanOrEqual(3);
    for (const pid of children) {
      const shown = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      for (const value of [...Object.values(given), GATE_SECRET, HASHER_KEY, 'UNRELATED'])
        expect(shown).not.toContain(value);
    }
    await expect
      .poll(() => execFileSync('find', [temporary(folder), '-name', '.dev.vars'], { encoding: 'utf8' }))
      .toBe('');
  });

  test('opens no debugger, no explorer and no other route of the development server', async () => {
    const vault = shared();
    const { url } = vault;
    const commands = vault.family.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(commands.filter((command) => command.includes('workerd\0serve')).length).toBe(2);
    expect(commands.join()).not.toMatch(/inspector-addr|debug-port/);
    for (const path of ['/cdn-cgi/explorer', '/cdn-cgi/handler/scheduled', '/cdn-cgi/local/explorer/api/d1/database']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
    const seen = await (await fetch(`${url}/headers`, { headers: { 'CF-Connecting-IP': '6.6.6.6' } })).json();
    expect(seen).toMatchObject({ 'cf-connecting-ip': expect.stringMatching(/^(127\.0\.0\.1|::1)$/) });
  });

  test('asks the worker directly, on a socket that no other user reaches', async () => {
    const { folder, output } = shared();
    expect(output()).not.toContain(slower);
    const [run = ''] = readdirSync(temporary(folder));
    expect(mode(join(temporary(folder), run))).toBe('700');
    expect(statSync(join(temporary(folder), run, 'gate.sock')).isSocket()).toBe(true);
  });

  test('prints errors of the worker, without control characters', async () => {
    const { url, output } = shared();
    await fetch(`${url}/complain`);
    await expect.poll(output).toMatch(/worker: red {2}alert \{ pathname: '\/complain' \}/);
    expect(output()).not.toContain('\u0007');
  });

  test('refuses that another start takes its folder', async () => {
    const { folder, child } = shared();
    const said = await refusal(folder);
    expect(said).toContain(`process ${child.pid}`);
    expect(said).toContain(join(folder, 'data'));
    expect(child.exitCode).toBe(null);
  });
});

describe('the end', () => {
  // SIGINT and SIGHUP end the vaults of a first start, above.
  test('SIGTERM leaves nothing behind within 5 s', async () => {
    const folder = await usedProject();
    const vault = launchIn(folder);
    await vault.up;
    await expectEnd(vault, folder, 'SIGTERM');
  });

  test('a signal during a start ends the start', async () => {
    const folder = project();
    const vault = launchIn(folder);
    while (readdirSync(temporary(folder)).length === 0) await delay(10);
    vault.child.kill('SIGTERM');
    expect(await gone(vault)).toBeLessThan(5_000);
    expect(readdirSync(temporary(folder))).toEqual([]);
  });

  test('a request that never ends does not delay it, and a second signal ends it at once', async () => {
    const folder = await usedProject();
    const vault = launchIn(folder);
    const url = await vault.up;
    const stuck = fetch(`${url}/notes`, { method: 'POST', body: new ReadableStream(), duplex: 'half' } as RequestInit);
    stuck.catch(() => {});
    await delay(200);
    vault.child.kill('SIGINT');
    // Two signals at once are one.
    await expect.poll(vault.output).toMatch(/Press Ctrl-C again/);
    vault.child.kill('SIGINT');
    // Requests under way would have had 3 s from the first signal on.
    expect(await gone(vault)).toBeLessThan(2_800);
    expect(readdirSync(temporary(folder))).toEqual([]);
  });

  test('kill -9 leaves nothing behind either, and the next start works', async () => {
    const folder = project();
    const vault = launchIn(folder);
    await fetch(`${await vault.up}/notes`, { method: 'POST', body: 'kept' });
    vault.child.kill('SIGKILL');
    expect(await gone(vault)).toBeLessThan(5_000);
    expect(readdirSync(temporary(folder))).toEqual([]);
    expect(await (await fetch(`${await launchIn(folder).up}/notes`)).json()).toEqual(['kept']);
  });

  const matching = (vault: Launched, pattern: RegExp) =>
    descendants(vault.child.pid as number).filter((pid) =>
      pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')),
    );

  test('a crash of wrangler, and then one of workerd, is recovered from', async () => {
    const folder = await usedProject();
    const vault = launchIn(folder);
    const url = await vault.up;
    const victims = matching(vault, /wrangler-dist/);
    expect(victims.length).toBeGreaterThan(0);
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    await expect.poll(vault.output, { timeout: 30_000 }).toMatch(/Starting it again/);
    expect((await fetch(`${url}/health`)).status).toBe(503);
    const status = () => fetch(`${url}/health`).then((response) => response.status);
    await expect.poll(status, { timeout: 20_000, interval: 100 }).toBe(200);
    vault.family.push(...descendants(vault.child.pid as number));

    await fetch(`${url}/notes`, { method: 'POST', body: 'after the first' });
    const workerd = /workerd\0serve.*entry=127\.0\.0\.1:0/;
    const crashed = matching(vault, workerd);
    expect(crashed.length).toBe(2);
    for (const pid of crashed) process.kill(pid, 'SIGKILL');
    const notes = async () => (await fetch(`${url}/notes`)).text();
    await expect.poll(notes, { timeout: 30_000, interval: 100 }).toBe('["kept","after the first"]');
    expect(matching(vault, workerd).filter((pid) => crashed.includes(pid))).toEqual([]);
    vault.family.push(...descendants(vault.child.pid as number));
  });
});

describe('a start refuses', () => {
  test('a port in use, before it makes anything', async () => {
    const folder = project();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusal(folder, { PORT: String(port) })).toContain(`PORT=${port + 1} npm start`);
    expect(existsSync(join(folder, '.env'))).toBe(false);
    other.close();
  });

  test('new keys for old data', async () => {
    const folder = await usedProject();
    rmSync(join(folder, '.env'));
    expect(await refusal(folder)).toMatch(/Bring back the \.env/);
    expect(existsSync(join(folder, '.env'))).toBe(false);
  });

  test.each([
    ['missing', (file: string) => rmSync(file)],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['cannot be read', (file: string) => writeFileSync(file, 'garbage '.repeat(2_000))],
    ['damaged|cannot be read', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 6_000))],
  ])('a database that is %s', async (what, harm) => {
    const folder = await usedProject();
    const file = databaseIn(folder);
    for (const side of ['-wal', '-shm']) rmSync(file + side, { force: true });
    harm(file);
    const before = existsSync(file) ? readFileSync(file) : undefined;
    const said = await refusal(folder);
    expect(said).toMatch(new RegExp(what));
    expect(said).toMatch(/restore-data\.sh/);
    expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before);
  });

  test('a worker that reports that it is not healthy, in its words and without delay', async () => {
    const folder = project();
    writeFileSync(join(folder, '.env'), 'SECRET_KEY=wrong\nENCRYPTION_KEY=x\n');
    expect(await refusal(folder)).toMatch(/This is the wrong key\./);
    expect(existsSync(join(folder, 'data/vault.json'))).toBe(false);
    expect(readdirSync(temporary(folder))).toEqual([]);
  });

  test.each([
    [{ PORT: 'http' }, /PORT/],
    [{ PORT: '70000' }, /PORT/],
    [{ TRUSTED_PROXIES: 'proxy' }, /TRUSTED_PROXIES/],
    [{ SECRET_KEY: 'a', SECRET_KEY_FILE: '/b' }, /Both SECRET_KEY/],
    [{ SECRET_KEY_FILE: '/nowhere' }, /SECRET_KEY_FILE names \/nowhere, which cannot be read/],
    [{ SECRET_KEY: 'a' }, /no ENCRYPTION_KEY/],
    [{ KEYSTORE_DATA: '/etc/passwd/data' }, /KEYSTORE_DATA/],
    [{ HOST: '192.0.2.1' }, /HOST/],
  ])('the settings %o', async (env, reason) => {
    expect(await refusal(project(), env)).toMatch(reason);
  });
});
