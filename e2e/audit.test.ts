/** The log of a real vault seals itself, and the command line pins it, on either runtime. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, openCli } from '../testing/cli.ts';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

const password = 'correct horse battery';
let vault: RunningVault;
let token: string;
let cli: Cli;

beforeAll(async () => {
  vault = await startVault({ env: { ADMIN_PASSWORD: password } });
  token = await signIn(vault.url, 'admin', password);
  const made = await ask(vault.url, 'POST', '/tokens', { token, body: { name: 'auditor', access: 'audit' } });
  cli = openCli(vault.url, String((made.body as { token: string }).token));
});

afterAll(async () => {
  cli?.dispose();
  await vault?.dispose();
});

async function sizeOf(): Promise<number> {
  const response = await fetch(`${vault.url}/logs/checkpoint`, { headers: { Authorization: `Bearer ${token}` } });
  return Number((await response.text()).split('\n')[1]);
}

test('is sealed after answers once enough has happened, without anybody asking for it', async () => {
  expect(await sizeOf()).toBe(0);
  for (let rounds = 0; rounds < 30; rounds++)
    await Promise.all(Array.from({ length: 10 }, () => ask(vault.url, 'GET', '/keys', { token })));
  await expect.poll(sizeOf).toBeGreaterThan(255);
});

test('is pinned by a program that may read nothing else, and each pin continues the one before', async () => {
  const folder = join(cli.folder, 'pins');
  const first = await cli.ok(['audit', 'pin', folder]);
  expect(first).toMatch(/^Pinned \d+ events in .*\.checkpoint\. It is the first one here\.$/m);
  const second = await cli.ok(['audit', 'pin', folder]);
  expect(second).toMatch(/It continues the checkpoint of \d+ events\.$/m);
  const pins = readdirSync(folder).sort();
  expect(pins).toEqual([expect.stringMatching(/^\d+\.checkpoint$/), expect.stringMatching(/^\d+\.checkpoint$/)]);
  const key = (await cli.ok(['audit', 'key'])).trim();
  for (const name of pins) {
    const [origin, size] = readFileSync(join(folder, name), 'utf8').split('\n');
    expect([`${size}.checkpoint`, key.startsWith(`${origin}+`)]).toEqual([name, true]);
  }
  expect((await cli.run(['ls'])).code).toBe(4);
});

test('that does not continue a pin is told of, and nothing is written', async () => {
  const folder = join(cli.folder, 'others');
  const of = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    const { code, stderr } = await cli.run(['audit', 'pin', folder]);
    expect(readdirSync(folder)).toEqual([name]);
    return { code, stderr };
  };
  await cli.ok(['audit', 'pin', folder]);
  const [name = ''] = readdirSync(folder);
  const note = readFileSync(join(folder, name), 'utf8');
  const forged = note.replace(
    /\n([\w+/])([\w+/]{42}=)\n/,
    (_, first, rest) => `\n${first === 'A' ? 'B' : 'A'}${rest}\n`,
  );
  expect(await of(name, forged)).toEqual({ code: 1, stderr: expect.stringMatching(/has not signed/) });
  renameSync(join(folder, name), join(folder, '9999999.checkpoint'));
  expect(await of('9999999.checkpoint', note)).toEqual({ code: 1, stderr: expect.stringMatching(/was changed/) });
  const other = await cli.run(['audit', 'key', '--public-key', 'keystore/0+00000000+AAAA']);
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/another key/)]);
});
