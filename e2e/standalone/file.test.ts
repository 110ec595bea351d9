import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateVault } from '../../cli/database.ts';
import { ask, freePort, type RunningVault, signIn, startVault } from '../support/vault.ts';

/** What is the standalone file's own: both runtimes on one folder, what it refuses, TLS, compression, its process. */

const project = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'keystore-standalone-'));
const data = join(folder, 'data');
const { file, marker } = locateVault(project, data);
let vault: RunningVault | undefined;

beforeAll(async () => {
  vault = await startVault({ folder });
  const token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'first', api_key: 'of the standalone file' } });
  await vault.stop();
});

afterAll(async () => {
  await vault?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts it where it is to refuse. Returns what it says. */
const refusal = async (env: Record<string, string> = {}, dataFolder = data): Promise<string> => {
  const { status, stderr } = spawnSync(join(project, 'dist/keystore'), [], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: String(await freePort()),
      KEYSTORE_DATA: dataFolder,
      KEYSTORE_ENV: join(folder, '.env'),
      KEYSTORE_CACHE: join(project, 'dist/cache'),
      ...env,
    },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(status).toBe(1);
  return stderr;
};

/** A copy of the data folder, changed. */
const spoilt = (change: (databaseFile: string) => void): string => {
  const copy = mkdtempSync(join(folder, 'spoilt-'));
  cpSync(data, copy, { recursive: true });
  change(locateVault(project, copy).file);
  return copy;
};

test('both runtimes take turns on one folder', async () => {
  for (const [runtime, next] of [
    ['wrangler', 'of wrangler dev'],
    ['standalone', 'of the standalone file again'],
  ] as const) {
    vault = await startVault({ folder, runtime });
    const token = await signIn(vault.url, 'admin', 'admin123');
    expect((await ask(vault.url, 'GET', '/keys/first', { token })).body.api_key).toMatch(/^of /);
    await ask(vault.url, 'PUT', '/keys/first', { token, body: { api_key: next } });
    expect((await ask(vault.url, 'GET', '/keys/first', { token })).body.api_key).toBe(next);
    await vault.stop();
    expect(vault.process.exitCode).toBe(0);
  }
});

test('whoever holds the folder keeps it', async () => {
  vault = await startVault({ folder });
  expect(await refusal()).toContain('in use by another process');
  await expect(startVault({ folder, runtime: 'wrangler' })).rejects.toThrow('in use by the standalone runtime');
  await vault.stop();
  vault = await startVault({ folder, runtime: 'wrangler' });
  expect(await refusal()).toContain('in use by another process (npm start)');
  await vault.stop();
});

test.each<[string, (databaseFile: string) => void, RegExp]>([
  ['missing', (path) => rmSync(path), /is missing, though this vault was in use before/],
  ['empty', (path) => writeFileSync(path, ''), /is empty, though this vault was in use before/],
  ['garbage', (path) => writeFileSync(path, Buffer.alloc(9_000, 'garbage')), /cannot be read/],
  ['another database', anotherDatabase, /is an SQLite database, but not a vault/],
  ['newer', newer, /was last used by a newer version of this program \(it has 0099_later\.sql\)/],
])('a database that is %s: refused', async (_, change, sentence) => {
  const copy = spoilt(change);
  const path = locateVault(project, copy).file;
  const before = contents(path);
  expect(await refusal({}, copy)).toMatch(sentence);
  expect(contents(path)).toEqual(before);
});

/** The file without SQLite's header page: opening another database may set its journal mode there. */
function contents(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path).subarray(4_096) : undefined;
}

function anotherDatabase(path: string): void {
  rmSync(path);
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE notes (text TEXT)');
  database.close();
}

function newer(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("INSERT INTO d1_migrations (name) VALUES ('0099_later.sql')");
  database.close();
}

test('another ENCRYPTION_KEY, or none: refused', async () => {
  const other = { ENCRYPTION_KEY: 'y6ZUxwKUqtWlBlpQjUQx7ZjTKo0NrmDOqAHR3cMdbsU=' };
  expect(await refusal(other)).toMatch(/ENCRYPTION_KEY has the fingerprint [0-9a-f]{16}, but this database/);
  expect(await refusal({ KEYSTORE_ENV: join(folder, 'none.env') })).toContain('Bring back the .env');
  expect(existsSync(join(folder, 'none.env'))).toBe(false);
});

test('a port that is taken: refused', async () => {
  vault = await startVault({ folder: mkdtempSync(join(folder, 'port-')) });
  expect(await refusal({ PORT: new URL(vault.url).port })).toContain('is taken');
  await vault.stop();
});

test('settings come from the env file and from files that it names', async () => {
  const secret = readFileSync(join(folder, '.env'), 'utf8').match(/SECRET_KEY=(.+)/)?.[1] ?? '';
  const sealing = readFileSync(join(folder, '.env'), 'utf8').match(/ENCRYPTION_KEY=(.+)/)?.[1] ?? '';
  writeFileSync(join(folder, 'sealing'), `${sealing}\n`);
  const port = await freePort();
  const env = join(folder, 'other.env');
  writeFileSync(
    env,
    `# ours\nexport SECRET_KEY="${secret}" # comment\nENCRYPTION_KEY_FILE = ${join(folder, 'sealing')}\nPORT=${port}  # here\n`,
  );
  vault = await startVault({ folder, port, env: { KEYSTORE_ENV: env, PORT: '' } });
  const environment = readFileSync(`/proc/${vault.process.pid}/environ`, 'utf8');
  expect(environment).not.toContain(secret);
  const token = await signIn(vault.url, 'admin', 'admin123');
  expect((await ask(vault.url, 'GET', '/keys/first', { token })).status).toBe(200);
  await vault.stop();
});

test('speaks TLS', async () => {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const selfSigned = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...selfSigned, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const port = await freePort();
  const ca = readFileSync(cert);
  const isUp = async () => (await getTls(port, ca)).includes('"status":"healthy"');
  const secured = await startVault({ folder, port, env: { TLS_CERT: cert, TLS_KEY: key }, isUp });
  await secured.stop();
});

const getTls = (port: number, ca: Buffer): Promise<string> =>
  new Promise((resolveAnswer, failed) => {
    request({ host: '127.0.0.1', port, path: '/health', ca, servername: 'localhost' }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolveAnswer(text));
    })
      .on('error', failed)
      .end();
  });

test('the page: compressed, and not sent twice', async () => {
  vault = await startVault({ folder });
  const page = await (await fetch(vault.url)).text();
  const script = page.match(/\/assets\/main-[\w-]+\.js/)?.[0] ?? '';
  const first = await fetch(vault.url + script, { headers: { 'Accept-Encoding': 'gzip' } });
  expect(first.headers.get('Content-Encoding')).toBe('gzip');
  expect(first.headers.get('Content-Type')).toContain('text/javascript');
  expect((await first.text()).length).toBeGreaterThan(10_000);
  const again = await fetch(vault.url + script, { headers: { 'If-None-Match': first.headers.get('ETag') ?? '' } });
  expect(again.status).toBe(304);
  await vault.stop();
});

test('a dead launcher leaves no runtime, and no secret anywhere', async () => {
  vault = await startVault({ folder });
  const secrets = readFileSync(join(folder, '.env'), 'utf8').match(/(?<==).+/g) ?? [];
  for (const base of ['/dev/shm', tmpdir()]) {
    for (const name of readdirSync(base).filter((each) => each.startsWith('keystore.'))) {
      for (const each of readdirSync(join(base, name))) expect(each).toMatch(/^(alive|said|listening)$/);
    }
  }
  expect(secrets.filter((secret) => readFileSync(marker, 'utf8').includes(secret))).toEqual([]);
  await vault.kill();
  const port = Number(new URL(vault.url).port);
  vault = await startVault({ folder, port });
  await vault.stop();
});

test('both answer alike: address, headers', async () => {
  const answers = [];
  for (const runtime of ['standalone', 'wrangler'] as const) {
    vault = await startVault({ folder, runtime });
    const response = await fetch(`${vault.url}/keys`, { headers: { 'CF-Connecting-IP': '6.6.6.6' } });
    const page = await fetch(vault.url);
    await page.arrayBuffer();
    const relevant = (headers: Headers) =>
      [...headers].filter(
        ([name]) =>
          !/^(date|connection|keep-alive|etag|transfer-encoding|content-length|content-encoding|cf-cache-status)$/.test(
            name,
          ),
      );
    answers.push([response.status, await response.text(), relevant(response.headers), relevant(page.headers)]);
    await vault.stop();
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(existsSync(file)).toBe(true);
});
