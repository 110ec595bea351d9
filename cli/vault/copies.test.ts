import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Copies } from './copies.ts';

const day = 86_400_000;
let folder: string;
let copies: Copies;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-copies-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
  copies = new Copies('https://vault.example', 'token one');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function files(): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('a copy opens with the token that made it, for the same vault and request, and with nothing else', async () => {
  await copies.save('values shop', { secret: 'value 🔑' }, 1_000);
  expect(await copies.load('values shop', day, 2_000)).toEqual({ savedAtMs: 1_000, content: { secret: 'value 🔑' } });
  expect(await new Copies('https://vault.example', 'token two').load('values shop', day, 2_000)).toMatch(/no copy/);
  expect(await new Copies('https://other.example', 'token one').load('values shop', day, 2_000)).toMatch(/no copy/);
  expect(await copies.load('values other', day, 2_000)).toMatch(/no copy/);
});

test('neither the file nor its path shows a value, a name, a vault or the token; others cannot read it', async () => {
  await copies.save('values shop', { 'shop/KEY': 'a secret value' });
  for (const file of files()) {
    const text = file.slice(folder.length) + readFileSync(file, 'latin1');
    for (const hidden of ['secret', 'shop', 'KEY', 'vault.example', 'token']) expect(text).not.toContain(hidden);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  }
  expect(files()).toHaveLength(1);
});

test('a copy that is changed, moved, too old or ahead of the clock is not used', async () => {
  await copies.save('one', 'first', 10 * day);
  expect(await copies.load('one', day, 11 * day)).toMatchObject({ content: 'first' });
  expect(await copies.load('one', day, 11 * day + 1)).toMatch(/too old/);
  expect(await copies.load('one', day, 9 * day)).toMatch(/newer than the clock/);
  const [one = ''] = files();
  await copies.save('two', 'second', 10 * day);
  const two = files().find((file) => file !== one) ?? '';
  writeFileSync(two, readFileSync(one));
  expect(await copies.load('two', day, 10 * day)).toMatch(/damaged/);
  const bytes = readFileSync(one);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(one, bytes);
  expect(await copies.load('one', day, 10 * day)).toMatch(/damaged/);
});

test('forgetting removes the copies of this token, and leaves those of others', async () => {
  const other = new Copies('https://vault.example', 'token two');
  for (const each of [copies, other]) await each.save('one', 'x');
  await copies.forget();
  expect(await copies.load('one', day)).toMatch(/no copy/);
  expect(await other.load('one', day)).toMatchObject({ content: 'x' });
});
