/** An import as large as one may be, through all that is between a client and the worker. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxImportBytes } from '../core/limits.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const password = 'correct horse battery';

let vault: RunningVault;
let token: string;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
});
afterAll(() => vault?.dispose());

/** An import whose body has exactly so many bytes, on as few keys as it takes. */
function importOf(bytes: number): string {
  const entries = Array.from({ length: Math.ceil(bytes / 64_000) }, (_, index) => ({
    key_name: `large/${index}`,
    api_key: 'x',
  }));
  let left = bytes - JSON.stringify({ entries }).length;
  for (const entry of entries) {
    const more = Math.min(left, 64_000);
    entry.api_key += 'x'.repeat(more);
    left -= more;
  }
  return JSON.stringify({ entries });
}

interface Sent {
  status: number;
  error?: string;
  /** How much of the body was written when the answer came. */
  written: number;
}

/** Sends a body bit by bit, and stops when the answer comes. */
function send(body: string, headers: Record<string, string>, path = '/keys/import'): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, vault.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
    });
    let written = 0;
    let isAnswered = false;
    sent.on('error', (error) => isAnswered || reject(error));
    sent.on('response', (response) => {
      isAnswered = true;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        sent.destroy();
        resolve({ status: response.statusCode ?? 0, ...JSON.parse(text), written });
      });
    });
    function writeOn(): void {
      if (isAnswered) return;
      const chunk = body.slice(written, written + 64 * 1024);
      written += chunk.length;
      if (written >= body.length) sent.end(chunk);
      else sent.write(chunk, () => setTimeout(writeOn, 2));
    }
    writeOn();
  });
}

function lengthOf(body: string) {
  return { 'Content-Length': String(Buffer.byteLength(body)) };
}

describe.each([
  ['with a Content-Length', lengthOf],
  ['in chunks', () => ({})],
] as const)('%s', (_, framing) => {
  test('4 MiB are imported', async () => {
    const body = importOf(maxImportBytes);
    expect(body.length).toBe(maxImportBytes);
    const answer = await send(body, { ...framing(body), Authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 200, applied: true });
    const { body: read } = await ask(vault.url, 'POST', '/keys/values', { token, body: { names: ['large/7'] } });
    expect(read).toEqual({ values: { 'large/7': 'x'.repeat(64_001) }, missing: [] });
  });

  test('a byte more is a 413', async () => {
    const body = `${importOf(maxImportBytes)} `;
    const answer = await send(body, { ...framing(body), Authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 413, error: expect.stringMatching(/at most 4 MiB/) });
  });

  test.each([
    ['no credential', {}],
    ['a forged token', { Authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiJ4In0.AAAA' }],
  ])('%s is a 401 before 4 MiB are taken', async (_, headers) => {
    const body = importOf(maxImportBytes);
    const answer = await send(body, { ...framing(body), ...headers });
    expect(answer).toMatchObject({ status: 401, error: expect.stringMatching(/Sign in/) });
    expect(answer.written).toBeLessThan(maxImportBytes);
  });
});

test('the limit of all other routes stays as it is', async () => {
  const body = JSON.stringify({ key_name: 'a', api_key: 'x'.repeat(2 * 1024 * 1024) });
  const authorization = { Authorization: `Bearer ${token}` };
  for (const path of ['/keys', '/keys/values']) {
    expect((await send(body, { ...lengthOf(body), ...authorization }, path)).status).toBe(413);
  }
});

test('a client cannot ask in place of the server that faces the network', async () => {
  const body = JSON.stringify({ entries: [{ key_name: 'asked', api_key: 'x' }] });
  const headers = { ...lengthOf(body), Authorization: `Bearer ${token}`, 'X-Keystore-Ask': 'credential' };
  expect(await send(body, headers)).toMatchObject({ status: 200, applied: true });
});
