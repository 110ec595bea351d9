import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { utf8 } from '../../core/crypto/encoding.ts';
import { FernetKey } from '../../core/crypto/fernet.ts';
import { maxHashJobBytes, remoteScrypt } from '../../core/crypto/hash-job.ts';
import { passwordCost } from '../../core/crypto/password.ts';
import { type Scrypt, sliced } from '../../core/crypto/scrypt.ts';
import { nativeScrypt } from '../native-scrypt.ts';
import { type HasherServer, startHasher } from './hasher.ts';

let hasher: HasherServer | undefined;

afterEach(() => hasher?.close());

function post(body: string, signal?: AbortSignal): Promise<Response> {
  const url = `http://127.0.0.1:${hasher?.variables.HASHER_PORT}/`;
  return fetch(url, { method: 'POST', body, ...(signal && { signal }) });
}

async function start(scrypt?: Scrypt): Promise<Scrypt> {
  hasher = await startHasher(scrypt);
  const key = new FernetKey(Buffer.from(hasher.variables.HASHER_KEY, 'base64url'));
  return remoteScrypt(async (body) => (await post(body)).text(), key);
}

test('gives the same as in slices, at the cost of production and at others', async () => {
  const remote = await start();
  const here = sliced(async () => {});
  for (const cost of [passwordCost, { N: 1024, r: 8, p: 5 }, { N: 2 ** 17, r: 2, p: 1 }, { N: 2, r: 1, p: 1 }]) {
    const job = [utf8('pässwörd'), utf8('sodium chloride'), cost, 64] as const;
    expect(await remote(...job)).toEqual(await here(...job));
  }
});

test('another start has another key, and who does not know it gets nothing', async () => {
  let computed = 0;
  await start((...job) => {
    computed += 1;
    return nativeScrypt(...job);
  });
  const first = hasher;
  const other = new FernetKey(Buffer.from((await startOnce()).HASHER_KEY, 'base64url'));
  hasher = first;
  const statuses: number[] = [];
  const send = async (body: string) => {
    const answer = await post(body);
    statuses.push(answer.status);
    return answer.text();
  };
  for (const key of [other, null]) {
    await expect(remoteScrypt(send, key)(utf8('p'), utf8('s'), passwordCost, 64)).rejects.toThrow();
  }
  await post('').then(({ status }) => statuses.push(status));
  expect(statuses).toEqual([403, 403, 403]);
  expect(computed).toBe(0);
});

async function startOnce(): Promise<HasherServer['variables']> {
  const once = await startHasher();
  once.close();
  return once.variables;
}

test('a body that is too long is not read to its end', async () => {
  await start();
  await expect(post('A'.repeat(maxHashJobBytes * 4))).rejects.toThrow();
});

test('hashes one at a time, in order, and not at all for a request that was cut off', async () => {
  const order: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await start(async (password) => {
    order.push(Buffer.from(password).toString());
    await released;
    return new Uint8Array(64);
  });
  const key = new FernetKey(Buffer.from(hasher?.variables.HASHER_KEY ?? '', 'base64url'));
  const ask = (name: string, signal?: AbortSignal) =>
    remoteScrypt(async (body) => (await post(body, signal)).text(), key)(utf8(name), utf8('s'), passwordCost, 64);
  const first = ask('first');
  await expect.poll(() => order).toEqual(['first']);
  const leaving = new AbortController();
  const left = ask('left', leaving.signal);
  await delay(50);
  const last = ask('last');
  await delay(50);
  leaving.abort();
  await expect(left).rejects.toThrow();
  await delay(50);
  expect(order).toEqual(['first']);
  release();
  await Promise.all([first, last]);
  expect(order).toEqual(['first', 'last']);
});

test('is reached from this machine only, and ends with its connections', async () => {
  await start();
  const port = Number(hasher?.variables.HASHER_PORT);
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  expect(socket.remoteAddress).toBe('127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  hasher?.close();
  await closed;
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});
