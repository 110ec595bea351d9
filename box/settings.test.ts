import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

describe('an env file that cannot be read is refused in one sentence, whatever the environment sets', () => {
  const keys = { SECRET_KEY: 'a', ENCRYPTION_KEY: 'b' };
  const refused = (folder: string) => expect(() => openSettings(folder, keys)).toThrow(OperatorError);

  test('a folder', () => {
    const folder = project();
    mkdirSync(join(folder, '.env'));
    expect(() => openSettings(folder, keys)).toThrow(
      `The env file ${join(folder, '.env')} cannot be read. Check that it is a file, and that this user may read it.`,
    );
  });

  test('one in a folder that is a file', () => {
    expect(() => openSettings(project('A=1'), { ...keys, KEYSTORE_ENV: '.env/file' })).toThrow(OperatorError);
  });

  test('a link to nothing, or to itself', () => {
    const folder = project();
    symlinkSync('nothing', join(folder, '.env'));
    refused(folder);
    rmSync(join(folder, '.env'));
    symlinkSync('.env', join(folder, '.env'));
    refused(folder);
  });

  test('a pipe, which would be empty when it is read again', () => {
    const folder = project();
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, '.env')]);
    refused(folder);
  });

  test('one that this user may not read, itself or its folder', () => {
    const folder = project('ADMIN_PASSWORD=x\n');
    const program = `import { openSettings } from ${JSON.stringify(join(import.meta.dirname, 'settings.ts'))};
      process.setgid?.(65534); process.setuid?.(65534);
      try { openSettings(${JSON.stringify(folder)}, {}); console.log('taken'); } catch (error) { console.log(error.name); }`;
    const asNobody = () => execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    if (process.getuid?.() !== 0) return;
    chmodSync(folder, 0o755);
    chmodSync(join(folder, '.env'), 0o644);
    expect(asNobody()).toBe('taken\n');
    chmodSync(join(folder, '.env'), 0o600);
    expect(asNobody()).toBe('OperatorError\n');
    chmodSync(folder, 0o700);
    expect(asNobody()).toBe('OperatorError\n');
  });

  test('but none at all, or /dev/null, is none', () => {
    for (const KEYSTORE_ENV of ['none', 'no folder/none', '/dev/null']) {
      expect(openSettings(project('A=1'), { ...keys, KEYSTORE_ENV }).lookup('SECRET_KEY')).toBe('a');
    }
  });
});

test('a file that a setting names and that cannot be read is refused by setting and path', () => {
  const folder = project();
  mkdirSync(join(folder, 'secrets'));
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
  for (const path of ['secrets', 'pipe', 'none'].map((name) => join(folder, name))) {
    expect(() => openSettings(folder, { ADMIN_PASSWORD_FILE: path }).lookup('ADMIN_PASSWORD')).toThrow(
      `ADMIN_PASSWORD_FILE names ${path}, which cannot be read. Check that it is a file, and that this user may read it.`,
    );
  }
});

describe('an env file', () => {
  test.each(Object.entries(envFileVectors))('means in Node.js what it means in workerd: %s', (_, [text, meaning]) => {
    if ('refusedLine' in meaning) {
      expect(() => parseEnvFile(text, '.env')).toThrow(`.env, line ${meaning.refusedLine}: `);
    } else {
      expect(parseEnvFile(text, '.env')).toEqual(meaning);
    }
  });

  /** 1.0.0 read files with `parseEnv`. It skipped `export A=`, and took indented comments for variables of odd names. */
  const formerMeaning = (text: string) =>
    Object.fromEntries(Object.entries(parseEnv(text)).filter(([name]) => !/^#|^export /.test(name)));

  test('of the forms that have one meaning is refused, or means what it meant to 1.0.0', () => {
    // Without what was given another meaning on purpose: "#" within a word, escapes but \\n, blanks as a value.
    const pieces = ['A', 'B', 'A=1\n', 'export ', '=', '\n', '\r\n', ' ', '\t', '"', "'", '`', ' # ', '\\n', '$', 'é'];
    const texts = fc
      .array(fc.constantFrom(...pieces), { maxLength: 14 })
      .map((parts) => `${parts.join('')}\n# the end`)
      .filter((text) => !/^[ \t]+#.*=|=[ \t]*\r?\n|^[ \t]*export[ \t]*=|export[ \t]*\t/m.test(text));
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
