import { describe, expect, test } from 'vitest';
import { OperatorError } from '../operator-error.ts';
import { parseEnvFile } from './env-file.ts';
import { newEnvFile } from './new-keys.ts';
import { createLookup, needsKeys, readSettings, readTls, readWorkerVariables, type Variables } from './settings.ts';

const files: Record<string, string> = {
  value: 'secret\n',
  crlf: 'secret\r\n',
  two: 'secret\n\n',
  old: 'secret\r\r',
  marked: '\uFEFFsecret\r\n',
  blanks: ' secret \n',
  lines: '-----BEGIN\n\nsecret\n',
  empty: '\n',
  mark: '\uFEFF\r\n',
  binary: 'secret\uFFFD',
  utf16: '\uFFFD\uFFFDs\0e\0',
  large: 'x'.repeat(70_000),
};

function readText(path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
}

function lookupIn(...sources: Variables[]) {
  return createLookup(sources, readText);
}

describe('a lookup', () => {
  test('takes the first source that sets a variable, and an empty variable as not set', () => {
    const lookup = lookupIn({ A: '1', B: '' }, { A: '2', B: '2' }, { C: '3' });
    expect(['A', 'B', 'C', 'D'].map(lookup)).toEqual(['1', '2', '3', undefined]);
    expect(lookupIn({ A_FILE: 'value' }, { A: '2' })('A')).toBe('secret');
    expect(lookupIn({ A: '1' }, { A_FILE: 'none' })('A')).toBe('1');
  });

  test('drops the line ends at the end of a file and a byte order mark, and nothing else', () => {
    const read = (path: string) => lookupIn({ A_FILE: path })('A');
    for (const path of ['value', 'crlf', 'two', 'old', 'marked']) expect(read(path)).toBe('secret');
    expect(read('blanks')).toBe(' secret ');
    expect(read('lines')).toBe('-----BEGIN\n\nsecret');
  });

  test('tells an ADMIN_PASSWORD without a value from none', () => {
    const password = (...sources: Variables[]) => lookupIn(...sources)('ADMIN_PASSWORD');
    expect(password({}, { A: '1' })).toBeUndefined();
    expect(password({ ADMIN_PASSWORD: '' })).toBe('');
    expect(password({}, { ADMIN_PASSWORD: '' })).toBe('');
    expect(password({}, { ADMIN_PASSWORD_FILE: '' })).toBe('');
    expect(password({ ADMIN_PASSWORD: '' }, { ADMIN_PASSWORD: '1' })).toBe('1');
    expect(readWorkerVariables(lookupIn({ ADMIN_PASSWORD: '', CORS_ORIGINS: '' }))).toEqual({ ADMIN_PASSWORD: '' });
  });

  test.each<[Variables, string]>([
    [{ A: 'secret', A_FILE: 'value' }, 'Both A and A_FILE are set. Set one of them.'],
    [{ A_FILE: 'empty' }, 'A_FILE names empty, which is empty. Put the value there.'],
    [{ A_FILE: 'mark' }, 'A_FILE names mark, which is empty. Put the value there.'],
    [{ A_FILE: 'binary' }, 'A_FILE names binary, which is not UTF-8 text. Save it as UTF-8.'],
    [{ A_FILE: 'utf16' }, 'A_FILE names utf16, which is not UTF-8 text. Save it as UTF-8.'],
    [{ A_FILE: 'large' }, 'A_FILE names large, which is larger than 64 KiB. Name another file.'],
    [
      { A_FILE: 'none' },
      'A_FILE names none, which cannot be read. Check that it is a file, and that this user may read it.',
    ],
  ])('refuses %o', (source, sentence) => {
    expect(() => lookupIn(source)('A')).toThrow(new OperatorError(sentence));
  });
});

describe('settings', () => {
  const settings = (source: Variables) => readSettings(lookupIn(source));

  test('have defaults for this machine alone', () => {
    expect(settings({})).toEqual({
      dataFolder: 'data',
      hosts: ['127.0.0.1', '::1'],
      port: 5000,
      trustedProxies: '',
      minFreeMegabytes: 64,
      pinFile: null,
    });
  });

  test('take a HOST that is an address, and no other', () => {
    expect(settings({ HOST: '0.0.0.0' }).hosts).toEqual(['0.0.0.0']);
    expect(settings({ HOST: '::' }).hosts).toEqual(['::']);
    expect(settings({ HOST: 'x86_64-conda-linux-gnu' }).hosts).toEqual(['127.0.0.1', '::1']);
  });

  test('take a PORT from 0 to 65535', () => {
    expect(['0', '80', '65535'].map((PORT) => settings({ PORT }).port)).toEqual([0, 80, 65_535]);
    for (const PORT of ['65536', '-1', '80a', ' 80', '1e3', '123456']) {
      expect(() => settings({ PORT })).toThrow(`PORT is "${PORT}". Set it to a number up to 65535`);
    }
  });

  test('take a whole number of MIN_FREE_MEGABYTES, also none', () => {
    expect(settings({ MIN_FREE_MEGABYTES: '0' }).minFreeMegabytes).toBe(0);
    for (const MIN_FREE_MEGABYTES of ['-1', '1.5', 'x']) {
      expect(() => settings({ MIN_FREE_MEGABYTES })).toThrow('MIN_FREE_MEGABYTES must be a whole number');
    }
  });

  test('are refused if the admin’s password is a file of several lines', () => {
    const lookup = lookupIn({ ADMIN_PASSWORD_FILE: 'lines' });
    expect(() => lookup('ADMIN_PASSWORD')).toThrow('ADMIN_PASSWORD_FILE names lines, which has several lines.');
  });

  test('take both TLS files, or neither', () => {
    const tls = (source: Variables) => readTls(lookupIn(source), readText);
    expect(tls({})).toBeUndefined();
    expect(tls({ TLS_CERT: 'value', TLS_KEY: 'two' })).toEqual({ cert: 'secret\n', key: 'secret\n\n' });
    expect(() => tls({ TLS_CERT: 'value' })).toThrow('TLS_CERT is set and TLS_KEY is not.');
    expect(() => tls({ TLS_KEY: 'value' })).toThrow('TLS_KEY is set and TLS_CERT is not.');
    expect(() => tls({ TLS_CERT: 'value', TLS_KEY: 'none' })).toThrow('TLS_KEY names none, which cannot be read.');
  });
});

describe('keys', () => {
  const needs = (source: Variables, hasEnvFile: boolean, holdsVault: boolean) =>
    needsKeys(lookupIn(source), { envFile: '.env', hasEnvFile, dataFolder: 'data', holdsVault });

  test('are made for a new vault without an env file', () => {
    expect(needs({}, false, false)).toBe(true);
    expect(needs({ SECRET_KEY: 'a', ENCRYPTION_KEY: 'b' }, false, true)).toBe(false);
  });

  test('are not made beside an env file, in part, or for a vault that others seal', () => {
    expect(() => needs({}, true, false)).toThrow('.env has no SECRET_KEY and ENCRYPTION_KEY.');
    expect(() => needs({ SECRET_KEY: 'a' }, false, false)).toThrow('.env has no ENCRYPTION_KEY.');
    expect(() => needs({ ENCRYPTION_KEY: 'b' }, true, true)).toThrow('SECRET_KEY not found in .env');
  });

  test('are not made for a new vault with an empty ADMIN_PASSWORD, and an old one starts with it', () => {
    const empty = { ADMIN_PASSWORD: '', SECRET_KEY: 'a', ENCRYPTION_KEY: 'b' };
    expect(() => needs(empty, true, false)).toThrow('ADMIN_PASSWORD is set but empty, in .env or in the environment.');
    expect(needs(empty, true, true)).toBe(false);
  });

  test('are new each time, and have the documented form', () => {
    const [a, b] = [newEnvFile(), newEnvFile()].map((text) => parseEnvFile(text, '.env'));
    expect(a).toEqual({
      SECRET_KEY: expect.stringMatching(/^[A-Za-z0-9+/]{64}$/),
      ENCRYPTION_KEY: expect.stringMatching(/^[\w-]{43}=$/),
    });
    expect(a?.SECRET_KEY).not.toBe(b?.SECRET_KEY);
    expect(a?.ENCRYPTION_KEY).not.toBe(b?.ENCRYPTION_KEY);
  });
});
