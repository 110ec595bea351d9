/** Requests byte for byte, on either runtime: what is malformed is 400, and the path comes from the request line alone. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { malformedRequests, unusualRequests } from '../core/network/request-vectors.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;

beforeAll(async () => {
  vault = await startVault();
});

afterAll(() => vault?.dispose());

/** Sends bytes and reads until the server closes the connection, or until `isEnough`. */
function exchange(
  bytes: string,
  isEnough = (_: string) => false,
  localAddress = '127.0.0.1',
  isImpatient = false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(vault.url);
    const socket = connect({ host, port: Number(port), localAddress }, () => socket.write(bytes, 'utf8'));
    let answer = '';
    // While the queue of new connections is full, the system repeats an attempt later and later.
    if (isImpatient) socket.setTimeout(2_000, () => socket.destroy());
    socket
      .on('data', (chunk) => {
        answer += String(chunk);
        if (isEnough(answer)) socket.destroy();
      })
      .on('close', () => resolve(answer))
      .on('error', reject);
  });
}

function isWhole(answer: string): boolean {
  return /\r\n\r\n.*\}$/s.test(answer);
}

test.each(malformedRequests)('%s: 400 in JSON', async (_, bytes) => {
  const answer = await exchange(bytes, isWhole);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toMatch(/\{"error":"[^"]+.*"\}$/);
});

test.each(unusualRequests)('%s: answered', async (_, bytes) => {
  expect(await exchange(bytes, isWhole)).toMatch(/^HTTP\/1\.1 200 .*"status":"alive"/s);
});

test('LIST of the Vault API is answered as GET with list=true, also behind other requests on a connection', async () => {
  const token = await signIn(vault.url, 'admin', 'admin123');
  const head = `Host: a\r\nX-Vault-Token: ${token}\r\n`;
  const path = '/v1/secret/metadata/';
  const answered = async (bytes: string) => {
    const answer = await exchange(bytes);
    const last = answer.slice(answer.lastIndexOf('HTTP/1.1 '));
    const [, status = '', body = ''] = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(last) ?? [];
    return [Number(status), body.replace(/"request_id":"[^"]*"/, '')];
  };
  const close = `${head}Connection: close\r\n\r\n`;
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'listed/by/LIST', api_key: 'v' } });
  const expected = await answered(`GET ${path}?list=true HTTP/1.1\r\n${close}`);
  expect([expected[0], expected[1]]).toEqual([200, expect.stringContaining('"listed/"')]);
  expect(await answered(`LIST ${path} HTTP/1.1\r\n${close}`)).toEqual(expected);
  expect(await answered(`GET /health/live HTTP/1.1\r\n${head}\r\nLIST ${path} HTTP/1.1\r\n${close}`)).toEqual(expected);
  expect((await answered(`LIST /keys HTTP/1.1\r\n${close}`))[0]).toBe(405);
  expect((await answered(`LIST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`))[0]).toBe(403);
});

test('a value is never answered for a path that the request line does not name', async () => {
  const token = await signIn(vault.url, 'admin', 'admin123');
  const value = 'only for its own path';
  await ask(vault.url, 'POST', '/keys', { token, body: { key_name: 'NAME', api_key: value } });
  const head = `Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  for (const host of [
    'a/keys/NAME?',
    'a/keys/NAME#',
    'a\\keys\\NAME?',
    'x@a/keys/NAME?',
    'a/keys/NAME',
    '/keys/NAME?',
  ]) {
    for (const target of ['/health', '/', '/health/live', `http://${host}/health`]) {
      expect(await exchange(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${head}`)).not.toContain(value);
      expect(await exchange(`GET ${target} HTTP/1.1\r\nHost: a\r\nHost: ${host}\r\n${head}`)).not.toContain(value);
    }
  }
  expect(await exchange(`GET /keys/NAME HTTP/1.1\r\nHost: a\r\n${head}`)).toContain(value);
});

test('one connection that sends 2,600 pipelined requests and reads nothing costs others nothing', async () => {
  const { hostname: host, port } = new URL(vault.url);
  const request = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n';
  const silent = Array.from({ length: 3 }, () => {
    const socket = connect({ host, port: Number(port) }, () => socket.write(request.repeat(2_600)));
    return socket.on('error', () => {}).pause();
  });
  for (let i = 0; i < 20; i++) {
    const answer = await exchange(`${request.slice(0, -2)}Connection: close\r\n\r\n`, isWhole, '127.0.0.2');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  }
  for (const socket of silent) socket.destroy();
});

test('pipelined requests are all answered, in order', async () => {
  const paths = Array.from({ length: 50 }, (_, i) => `/nothing/${i}`);
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
  const answers = await exchange(`${requests}GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([...paths.map(() => 'HTTP/1.1 404'), 'HTTP/1.1 200']);
});

test('thousands of idle connections from one address keep nobody out, and its own new ones are served as well', async () => {
  const { hostname: host, port } = new URL(vault.url);
  const idle = Array.from({ length: 5_000 }, () => {
    const socket = connect({ host, port: Number(port), localAddress: '127.0.0.1' });
    return socket.on('error', () => {}).resume();
  });
  const request = 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  for (const address of ['127.0.0.2', '127.0.0.1']) {
    const status = async () => (await exchange(request, isWhole, address, true).catch(() => '')).slice(0, 12);
    await expect.poll(status).toBe('HTTP/1.1 200');
  }
  for (const socket of idle) socket.destroy();
});
