import { describe, expect, test } from 'vitest';
import { Connection, connections, createClient } from './client.ts';
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

describe('a connection', () => {
  const runAll = (number: number) => async () => {
    for (const job of takeAll()) Object.assign(job, { outcome: { results: [[]] }, ranBy: number });
    return number;
  };
  /** Objects that follow one another, each with its way to commit; `asked` counts how often one was looked for. */
  const bindingsOf = (...objects: { commit: () => Promise<number> }[]) => {
    const asked = { times: 0 };
    const get = () => ({
      committer: async () => {
        asked.times++;
        return objects[Math.min(asked.times, objects.length) - 1];
      },
    });
    return { bindings: { DATABASE: { idFromName: () => '', get } } as unknown as Bindings, asked };
  };

  test('looks for the object once', async () => {
    const { bindings, asked } = bindingsOf({ commit: runAll(1) });
    const client = createClient(bindings);
    await connections.run(new Connection(bindings), async () => {
      for (let i = 0; i < 3; i++) await write(client);
    });
    expect(asked.times).toBe(1);
  });

  test('goes on with the object that replaced a broken one, without an error', async () => {
    let isBroken = false;
    const first = runAll(1);
    const broken = { commit: () => (isBroken ? Promise.reject(new Error('broken')) : first()) };
    const { bindings, asked } = bindingsOf(broken, { commit: runAll(2) });
    const client = createClient(bindings);
    await connections.run(new Connection(bindings), async () => {
      await write(client);
      isBroken = true;
      expect(await write(client)).toEqual([{ results: [] }]);
    });
    expect(asked.times).toBe(2);
  });

  test('tells the caller whose transaction broke the object', async () => {
    let isFull = false;
    const fills = async () => {
      await runAll(1)();
      if (isFull) throw new Error('disk is full');
      return 1;
    };
    const { bindings } = bindingsOf({ commit: fills }, { commit: runAll(2) });
    const client = createClient(bindings);
    await connections.run(new Connection(bindings), async () => {
      await write(client);
      isFull = true;
      await expect(write(client)).rejects.toThrow('disk is full');
    });
  });
});
