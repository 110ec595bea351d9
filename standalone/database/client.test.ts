import { expect, test } from 'vitest';
import type { Bindings } from './bindings.ts';
import { createClient } from './client.ts';
import { enqueue, takeAll } from './queue.ts';

/** What the object does not do as it should: here it is played. What it does is what every test of the routes is about. */
const clientOf = (commit: () => Promise<number>) =>
  createClient({ DATABASE: { idFromName: () => '', get: () => ({ commit }) } } as unknown as Bindings);

const write = (client: ReturnType<typeof createClient>) => client.batch([client.prepare('SELECT 1')]);

test('what could not be committed is not run later, after its caller has been told that it failed', async () => {
  const client = clientOf(() => Promise.reject(new Error('disk is full')));
  await expect(write(client)).rejects.toThrow('disk is full');
  const other = enqueue([]);
  expect(takeAll()).toEqual([other]);
});

test('what one object ran is not good because another one answers', async () => {
  const client = clientOf(async () => {
    for (const job of takeAll()) Object.assign(job, { outcome: { results: [[]] }, ranBy: 1 });
    return 2;
  });
  await expect(write(client)).rejects.toThrow('did not take the transaction');
});

test('what nobody ran is no success', async () => {
  await expect(write(clientOf(async () => 1))).rejects.toThrow('did not take the transaction');
  expect(takeAll()).toEqual([]);
});

test('what was run by the object that answers is answered', async () => {
  const client = clientOf(async () => {
    for (const job of takeAll()) Object.assign(job, { outcome: { results: [[{ one: 1 }]] }, ranBy: 7 });
    return 7;
  });
  expect(await write(client)).toEqual([{ results: [{ one: 1 }] }]);
});
