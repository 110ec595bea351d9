/** What else a vault listens on, on either runtime: every user of its machine can connect there, and must get nothing. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;
let token: string;

beforeAll(async () => {
  vault = await startVault();
  token = await signIn(vault.url, 'admin', 'admin123');
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'NAME', api_key: 'a value to look for' } });
});

afterAll(() => vault?.dispose());

/** A process and all that descend from it. */
function family(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid): [number, number] => {
      try {
        return [Number(pid), Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])];
      } catch {
        return [Number(pid), 0];
      }
    });
  const found = [root];
  for (const each of found) found.push(...parents.filter(([, parent]) => parent === each).map(([pid]) => pid));
  return found;
}

/** The TCP ports on which these processes listen. */
function listeningPorts(pids: number[]): number[] {
  const sockets = new Set(
    pids.flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).map((fd) => {
          try {
            return readlinkSync(`/proc/${pid}/fd/${fd}`);
          } catch {
            return '';
          }
        });
      } catch {
        return [];
      }
    }),
  );
  const ports = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(`socket:[${inode}]`))
      .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16)),
  );
  return [...new Set(ports)];
}

/** The status and the text of an answer; 0 if there is none. */
async function answerOf(url: string, path: string, headers: Record<string, string>) {
  try {
    const response = await fetch(url + path, { headers: { Authorization: `Bearer ${token}`, ...headers } });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

test.runIf(process.platform === 'linux')('every other port answers nothing of the vault', async () => {
  const own = Number(new URL(vault.url).port);
  const ports = listeningPorts(family(vault.process.pid ?? 0));
  expect(ports).toContain(own);
  const internal = ports.filter((port) => port !== own);
  expect(internal.length).toBeGreaterThan(0);
  const forged: Record<string, string>[] = [
    {},
    { 'CF-Connecting-IP': '6.6.6.6', 'X-Keystore-Gate': '' },
    { 'MF-Original-URL': 'http://localhost/keys/NAME' },
    { 'MF-Route-Override': 'core:user:keystore' },
  ];
  const paths = [
    '/',
    '/health',
    '/health/live',
    '/keys',
    '/keys/NAME',
    '/cdn-cgi/local/explorer',
    '/up',
    '/index.html',
  ];
  for (const port of internal) {
    const url = `http://127.0.0.1:${port}`;
    for (const path of paths) {
      for (const headers of forged) {
        const { status, text } = await answerOf(url, path, headers);
        expect([port, path, status < 400 && status > 0]).toEqual([port, path, false]);
        expect(text).not.toMatch(/a value to look for|healthy|alive|key_name/);
      }
    }
    const login = { username: 'admin', password: 'admin123' };
    const headers = { 'Content-Type': 'application/json' };
    const tried = fetch(`${url}/auth/login`, { method: 'POST', headers, body: JSON.stringify(login) });
    expect(await tried.then(({ status }) => status).catch(() => 403)).toBeGreaterThanOrEqual(400);
  }
  expect((await ask(vault.url, 'GET', '/keys/NAME', { token })).body.api_key).toBe('a value to look for');
});
