import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { OperatorError } from '../core/operator-error.ts';
import { parseEnvFile } from '../core/settings/env-file.ts';
import { envFileVectors } from '../core/settings/env-file.vectors.ts';
import { readWorkerVariables } from '../core/settings/settings.ts';
import { openSettings, readSettings } from './settings.ts';

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
  return readSettings(folder, openSettings(folder, env).lookup);
}

test('the environment goes before the env file, and an empty variable counts as not set', () => {
  const folder = project('SECRET_KEY=file\nENCRYPTION_KEY="file="\nADMIN_PASSWORD=file\nUNKNOWN=x\n');
  const { lookup } = openSettings(folder, { SECRET_KEY: 'process', ADMIN_PASSWORD: '', CORS_ORIGINS: '' });
  expect(readWorkerVariables(lookup)).toEqual({
    SECRET_KEY: 'process',
    ENCRYPTION_KEY: 'file=',
    ADMIN_PASSWORD: 'file',
  });
});

test('a secret may be in a file that the environment or the env file names', () => {
  const folder = project();
  writeFileSync(join(folder, 'secret'), 'from a file\r\n');
  const path = join(folder, 'secret');
  writeFileSync(join(folder, 'other.env'), `SECRET_KEY_FILE=${path}\n`);
  expect(openSettings(folder, { KEYSTORE_ENV: 'other.env' }).lookup('SECRET_KEY')).toBe('from a file');
  expect(openSettings(folder, { SECRET_KEY_FILE: path }).lookup('SECRET_KEY')).toBe('from a file');
  writeFileSync(path, '\n');
  expect(() => openSettings(folder, { SECRET_KEY_FILE: path }).lookup('SECRET_KEY')).toThrow(/empty/);
});

test('a vault listens for this machine alone unless HOST is an address', () => {
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

describe('an env file', () => {
  /** The meaning that 1.0.0 gave to a text. It kept a byte order mark, and took indented comments and `export A=` for variables of odd names. */
  const formerMeaning = (text: string) =>
    Object.fromEntries(
      Object.entries(parseEnv(text.replace(/^\uFEFF/, ''))).filter(([name]) => !/^#|^export /.test(name)),
    );

  test.each(Object.entries(envFileVectors))('means in Node.js what it means in workerd: %s', (_, [text, meaning]) => {
    if ('refusedLine' in meaning) {
      expect(() => parseEnvFile(text, '.env')).toThrow(`.env, line ${meaning.refusedLine}: `);
    } else {
      expect(parseEnvFile(text, '.env')).toEqual(meaning);
      expect(formerMeaning(text)).toEqual(meaning);
    }
  });

  test('is refused, or means what it meant to parseEnv of node:util', () => {
    const pieces = [
      'A',
      'B',
      'A=1\n',
      'export ',
      '=',
      '\n',
      '\r\n',
      ' ',
      '\t',
      '"',
      "'",
      '`',
      '#',
      '\\n',
      '\\',
      '$',
      'é',
    ];
    const texts = fc
      .array(fc.constantFrom(...pieces), { maxLength: 14 })
      .map((parts) => `${parts.join('')}\n# the end`)
      .filter((text) => !/^[ \t]+#.*=/m.test(text));
    fc.assert(
      fc.property(texts, (text) => {
        let meaning: Record<string, string>;
        try {
          meaning = parseEnvFile(text, '.env');
        } catch (error) {
          return error instanceof OperatorError;
        }
        expect(meaning).toEqual(formerMeaning(text));
        return true;
      }),
      { numRuns: 3_000 },
    );
  });
});
