import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { generateKeys } from './generate-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'generate keys '));
const script = join(import.meta.dirname, '../../HelperScripts/generate-keys.sh');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Both ways to make the keys; each throws its message if it refuses. */
const makers: Record<string, (file: string) => void> = {
  'generate-keys.ts': generateKeys,
  'generate-keys.sh': (file) => {
    const env = { PATH: process.env.PATH, KEYSTORE_ENV: file };
    const { status, stderr } = spawnSync('bash', [script], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  },
};

describe.each(Object.entries(makers))('%s', (name, make) => {
  const file = (of: string) => join(folder, `${name}.${of}`);

  test('makes new keys each time, readable by their owner alone', () => {
    make(file('a'));
    make(file('b'));
    expect(statSync(file('a')).mode & 0o777).toBe(0o600);
    const [a, b] = ['a', 'b'].map((each) => parseEnvFile(readFileSync(file(each), 'utf8'), each));
    expect(Buffer.from(a?.SECRET_KEY ?? '', 'base64').length).toBe(48);
    expect(Buffer.from(a?.ENCRYPTION_KEY ?? '', 'base64url').length).toBe(32);
    expect(a?.SECRET_KEY).not.toBe(b?.SECRET_KEY);
    expect(a?.ENCRYPTION_KEY).not.toBe(b?.ENCRYPTION_KEY);
  });

  test('leaves a file alone that exists already', () => {
    make(file('c'));
    const before = readFileSync(file('c'), 'utf8');
    expect(() => make(file('c'))).toThrow('exists already and was not changed');
    expect(readFileSync(file('c'), 'utf8')).toBe(before);
  });

  test('refuses a folder that is not there', () => {
    expect(() => make(join(folder, 'nowhere/.env'))).toThrow();
  });
});

test('both make the same text, except for the keys', () => {
  const forms = Object.values(makers).map((make, index) => {
    const file = join(folder, `form ${index}`);
    make(file);
    return readFileSync(file, 'utf8')
      .replace(/[A-Za-z0-9+/]{64}$/m, '<48 bytes, base64>')
      .replace(/[\w-]{43}=$/m, '<32 bytes, padded base64url>');
  });
  expect(forms[0]).toContain('SECRET_KEY=<48 bytes, base64>\nENCRYPTION_KEY=<32 bytes, padded base64url>\n');
  // The script also names the user for docker compose, if that is not the one of the image.
  expect(forms[1]?.replace(/\n# docker compose.*/s, '\n')).toBe(forms[0]);
});
