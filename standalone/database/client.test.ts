import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import type { Bindings } from './object.ts';
import { enqueue, takeAll } from './queue.ts';

/** A client whose object misbehaves. The tests of the routes cover an object that works. */
const clientOf = (commit: () => Promise<number>) =>
  createClient({ DATABASE: { idFromName: () => '', get: () => ({ commit }) } } as unknown as Bindings);

const write = (client: ReturnType<typeof createClient>) => client.batch([client.prepare('SELECT 1')]);

test('a transaction whose commit failed is not run later', async () => {
  const client = clientOf(() => Promise.reject(new Error('disk is full')));
  await expect(write(client)).rejects.toThrow('disk is full');
  const other = enqueue([]);
  expect(takeAll()).toEqual([other]);
});

test('a transaction that one object ran fails if another object answers', async () => {
  const client = clientOf(async () => {
    for (const job of takeAll()) Object.assign(job, { outcome: { results: [[]] }, ranBy: 1 });
    return 2;
  });
  await expect(write(client)).rejects.toThrow('did not take the transaction');
});

test('a transaction that was not run fails', async () => {
  await expect(write(clientOf(async () => 1))).rejects.toThrow('did not take the transaction');
  expect(takeAll()).toEqual([]);
});

test('a transaction that the answering object ran succeeds', async () => {
  const client = clientOf(async () => {
    for (const job of takeAll()) Object.assign(job, { outcome: { results: [[{ one: 1 }]] }, ranBy: 7 });
    return 7;
  });
  expect(await write(client)).toEqual([{ results: [{ one: 1 }] }]);
});
