import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, freePort, type RunningVault, signIn, startVault } from '../testing/vault.ts';

/** A power cut, again and again, in the middle of writes by many: what was acknowledged is there. */

const writers = 8;
/** A quick look by default; `KILL_TEST_ROUNDS=20` for the long one. */
const rounds = Number(process.env.KILL_TEST_ROUNDS ?? 4);
const acknowledgedPerRound = 60;

let vault: RunningVault;
let token: string;
let port: number;

beforeAll(async () => {
  port = await freePort();
  vault = await startVault({ port });
  token = await signIn(vault.url, 'admin', 'admin123');
});

afterAll(() => vault?.dispose());

/** Writes until the connection fails. Notes what was acknowledged, before the next write begins. */
const writeUntilEnd = async (prefix: string, acknowledged: string[]): Promise<void> => {
  for (let i = 0; ; i++) {
    const key_name = `${prefix} ${i}`;
    const answer = await ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: key_name } }).catch(
      () => undefined,
    );
    if (answer?.status !== 201) return;
    acknowledged.push(key_name);
  }
};

const storedNames = async (): Promise<Set<string>> => {
  const { body } = await ask<{ keys: { key_name: string }[] }>(vault.url, 'GET', '/keys', { token });
  return new Set(body.keys.map(({ key_name }) => key_name));
};

test(
  `kill -9 under ${writers} writers, ${rounds} times: every acknowledged write is there`,
  async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.length;
      const writing = Array.from({ length: writers }, (_, writer) =>
        writeUntilEnd(`kill ${round} ${writer}`, acknowledged),
      );
      while (acknowledged.length - before < acknowledgedPerRound) await new Promise((soon) => setTimeout(soon, 5));
      await vault.kill();
      await Promise.all(writing);
      vault = await startVault({ folder: vault.folder, port });
      const stored = await storedNames();
      expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    }
    const last = acknowledged.at(-1) ?? '';
    const { body } = await ask(vault.url, 'GET', `/keys/${encodeURIComponent(last)}`, { token });
    expect(body.api_key).toBe(last);
  },
  rounds * 40_000,
);
