import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { checkMayBegin, keepRequirement, requireSealsLines, requiresSeals } from '../../core/settings/require-seals.ts';
import { project } from '../../testing/disk-vaults.ts';
import { openDesk } from './command.ts';
import { rememberSeals } from './remember-seals.ts';

let folder: string;
let envFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remember seals '));
  envFile = join(folder, '.env');
});
afterEach(() => rmSync(folder, { recursive: true }));

function remember(env: Record<string, string> = {}): string[] {
  const lines: string[] = [];
  const all = { KEYSTORE_ENV: envFile, KEYSTORE_DATA: join(folder, 'data'), ...env };
  rememberSeals(openDesk(project, all), (line) => lines.push(line));
  return lines;
}

describe('a vault that is healthy', () => {
  test.each(['A=1', 'A=1\n', '# nothing\r\n', ''])('has REQUIRE_SEALS added to an env file %j, once', (text) => {
    writeFileSync(envFile, text, { mode: 0o640 });
    expect(remember()).toEqual([expect.stringMatching(/^Added REQUIRE_SEALS=true to .*\.env: /)]);
    const after = readFileSync(envFile, 'utf8');
    expect(after).toBe(text + requireSealsLines);
    expect(parseEnvFile(after, envFile)).toEqual({ ...parseEnvFile(text, envFile), REQUIRE_SEALS: 'true' });
    expect(remember()).toEqual([]);
    expect(readFileSync(envFile, 'utf8')).toBe(after);
  });

  test('keeps what the operator has set, and a link to the file', () => {
    writeFileSync(envFile, 'REQUIRE_SEALS=false\n');
    expect(remember()).toEqual([]);
    writeFileSync(join(folder, 'real'), 'A=1\n');
    rmSync(envFile);
    symlinkSync('real', envFile);
    expect(remember({ REQUIRE_SEALS: 'true' })).toEqual([]);
    remember();
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe(`A=1\n${requireSealsLines}`);
  });

  test('says what to add where there is no file, or none that can be written, and makes none', () => {
    expect(remember()).toEqual([expect.stringMatching(/^Add REQUIRE_SEALS=true to your settings: /)]);
    expect(() => readFileSync(envFile)).toThrow(/ENOENT/);
    expect(remember({ KEYSTORE_ENV: '/dev/null' })).toEqual([expect.stringMatching(/null could not be written/)]);
    writeFileSync(envFile, 'A=1\n');
    chmodSync(envFile, 0o400);
    if (process.getuid?.() === 0) return;
    expect(remember()).toEqual([expect.stringMatching(/could not be written/)]);
  });
});

test('REQUIRE_SEALS is true, false or not set', () => {
  const read = (text?: string) => requiresSeals(() => text);
  expect([undefined, '', 'false', ' true '].map(read)).toEqual([false, false, false, true]);
  for (const wrong of ['yes', '1', 'TRUE'])
    expect(() => read(wrong)).toThrow(/REQUIRE_SEALS must be "true" or "false"/);
  expect(() => checkMayBegin(() => 'true', '/data')).toThrow(
    /no vault in \/data, but there was one.*REQUIRE_SEALS.*Nothing was written/,
  );
});

test('an env file that takes the place of another one says what that has learned', () => {
  const sealed = `A=1${requireSealsLines}`;
  expect(keepRequirement('A=2\n', 'A=1\n')).toBe('A=2\n');
  expect(keepRequirement(sealed, sealed)).toBe(sealed);
  for (const next of ['A=2', 'A=2\nREQUIRE_SEALS=false\n', 'REQUIRE_SEALS=true\nREQUIRE_SEALS=\n']) {
    expect(parseEnvFile(keepRequirement(next, sealed), '').REQUIRE_SEALS).toBe('true');
  }
});

test('the helper scripts add the same lines', () => {
  const script = readFileSync(join(project, 'HelperScripts/lib.sh'), 'utf8');
  const printed = [...script.matchAll(/^ {4}printf '(\\n#.*|REQUIRE_SEALS.*)'$/gm)].map(([, text]) => text);
  expect(printed.join('').replaceAll('\\n', '\n')).toBe(requireSealsLines);
});
