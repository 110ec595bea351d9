import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { generateKeys } from './commands/generate-keys.ts';
import { openSettings, readSettings, readWorkerVariables } from './settings.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function project(env = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings test '));
  folders.push(folder);
  if (env) writeFileSync(join(folder, '.env'), env);
  return folder;
}

function settingsOf(folder: string, env: Record<string, string>) {
  const { envFile, lookup } = openSettings(folder, env);
  return readSettings(folder, envFile, lookup);
}

test('the process overrides the env file; what is set but empty is not set', () => {
  const folder = project('SECRET_KEY=file\nENCRYPTION_KEY="file="\nADMIN_PASSWORD=file\nUNKNOWN=x\n');
  const { lookup } = openSettings(folder, { SECRET_KEY: 'process', ADMIN_PASSWORD: '', CORS_ORIGINS: '' });
  expect(readWorkerVariables(lookup)).toEqual({
    SECRET_KEY: 'process',
    ENCRYPTION_KEY: 'file=',
    ADMIN_PASSWORD: 'file',
  });
});

test('a secret can be in a file of its own, named by the process or by the env file', () => {
  const folder = project();
  writeFileSync(join(folder, 'secret'), 'from a file\r\n');
  const path = join(folder, 'secret');
  writeFileSync(join(folder, 'other.env'), `SECRET_KEY_FILE=${path}\n`);
  expect(openSettings(folder, { KEYSTORE_ENV: 'other.env' }).lookup('SECRET_KEY')).toBe('from a file');
  expect(openSettings(folder, { SECRET_KEY_FILE: path }).lookup('SECRET_KEY')).toBe('from a file');
  writeFileSync(path, '\n');
  expect(() => openSettings(folder, { SECRET_KEY_FILE: path }).lookup('SECRET_KEY')).toThrow(/empty/);
});

test('a vault is for this machine alone unless HOST is an address', () => {
  const folder = project();
  expect(settingsOf(folder, {})).toMatchObject({
    hosts: ['127.0.0.1', '::1'],
    port: 5000,
    dataFolder: join(folder, 'data'),
  });
  expect(settingsOf(folder, { HOST: 'x86_64-conda-linux-gnu' }).hosts).toEqual(['127.0.0.1', '::1']);
  expect(settingsOf(folder, { HOST: '0.0.0.0', PORT: '80', KEYSTORE_DATA: '/srv' })).toMatchObject({
    hosts: ['0.0.0.0'],
    port: 80,
    dataFolder: '/srv',
  });
});

test('keys are made once, readable by their owner alone, and each time others', () => {
  const folder = project();
  const [first, second] = [join(folder, 'a.env'), join(folder, 'b.env')];
  generateKeys(first);
  generateKeys(second);
  expect(statSync(first).mode & 0o777).toBe(0o600);
  const { lookup } = openSettings(folder, { KEYSTORE_ENV: first });
  expect(Buffer.from(lookup('SECRET_KEY') ?? '', 'base64').length).toBe(48);
  expect(Buffer.from(lookup('ENCRYPTION_KEY') ?? '', 'base64url').length).toBe(32);
  expect(readFileSync(first, 'utf8')).not.toBe(readFileSync(second, 'utf8'));
  const before = readFileSync(first, 'utf8');
  expect(() => generateKeys(first)).toThrow(/exists already/);
  expect(readFileSync(first, 'utf8')).toBe(before);
  expect(() => generateKeys(join(folder, 'nowhere/.env'))).toThrow(/ENOENT/);
});
