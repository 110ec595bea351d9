/** Kills the vault with SIGKILL while many clients write: every acknowledged write must be there afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, freePort, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const writers = 8;
/** `KILL_TEST_ROUNDS=20` for a long run. */
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

/** Writes until a request fails. Notes each acknowledged name before it sends the next. */
async function writeUntilFailure(prefix: string, acknowledged: string[]): Promise<void> {
  for (let i = 0; ; i++) {
    const key_name = `${prefix} ${i}`;
    const answer = await ask(vault.url, 'POST', '/keys', { token, body: { key_name, api_key: key_name } }).catch(
      () => undefined,
    );
    if (answer?.status !== 201) return;
    acknowledged.push(key_name);
  }
}

async function storedNames(): Promise<Set<string>> {
  const { body } = await ask<{ keys: { key_name: string }[] }>(vault.url, 'GET', '/keys', { token });
  return new Set(body.keys.map(({ key_name }) => key_name));
}

test(
  `no acknowledged write is lost by kill -9 under ${writers} writers, ${rounds} times`,
  async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.length;
      const writing = Array.from({ length: writers }, (_, writer) =>
        writeUntilFailure(`kill ${round} ${writer}`, acknowledged),
      );
      while (acknowledged.length - before < acknowledgedPerRound) await delay(5);
      await vault.kill();
      await Promise.all(writing);
      vault = await startVault({ folder: vault.folder, port });
      const stored = await storedNames();
      expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
      const last = acknowledged.at(-1) ?? '';
      const { body } = await ask(vault.url, 'GET', `/keys/${encodeURIComponent(last)}`, { token });
      expect(body.api_key).toBe(last);
    }
  },
  rounds * 40_000,
);
