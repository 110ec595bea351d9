import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { project } from '../../testing/disk-vaults.ts';
import { replaceDurably } from './durable.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durable test '));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What replaces an env file: in this process, and in the shell for a container that cannot. */
const replacers: Record<string, (file: string) => void> = {
  replaceDurably: (file) => replaceDurably(file, 'new'),
  'write_env of lib.sh': (file) => {
    const program = `. "$0" && box() { printf new; } && answer='{"before":"kept"}' && write_env`;
    const { status, stderr } = spawnSync('bash', ['-c', program, join(project, 'HelperScripts/lib.sh')], {
      env: { PATH: process.env.PATH, KEYSTORE_ENV: file },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
    rmSync(`${file}.kept`, { force: true });
  },
};

describe.each(Object.entries(replacers))('%s', (_, replace) => {
  test('replaces a file, and leaves nothing else', () => {
    const file = join(folder, '.env');
    writeFileSync(file, 'old', { mode: 0o600 });
    const before = statSync(file).ino;
    replace(file);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['new', ['.env']]);
    // A new file takes its place in one step.
    expect(statSync(file).ino).not.toBe(before);
  });

  test('makes a new file for its owner alone', () => {
    const file = join(folder, '.env');
    replace(file);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o600]);
  });

  test('replaces the file that a link leads to, and not the link', () => {
    mkdirSync(join(folder, 'real'));
    const [file, link, between] = [join(folder, 'real/keys'), join(folder, '.env'), join(folder, 'between')];
    writeFileSync(file, 'old', { mode: 0o600 });
    symlinkSync('real/keys', between);
    symlinkSync(between, link);
    replace(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readlinkSync(link)).toBe(between);
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'real'))).toEqual(['keys']);
  });

  test('keeps mode, owner and group', () => {
    const file = join(folder, '.env');
    writeFileSync(file, 'old');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(file, 1234, 4321);
    for (const mode of [0o640, 0o600, 0o400, 0o644]) {
      chmodSync(file, mode);
      const { uid, gid } = statSync(file);
      replace(file);
      expect(statSync(file)).toMatchObject({ uid, gid });
      expect(statSync(file).mode & 0o777).toBe(mode);
    }
  });

  test('leaves the old file and no other if it fails', () => {
    const file = join(folder, '.env');
    writeFileSync(file, 'old', { mode: 0o600 });
    mkdirSync(`${file}.partial`);
    expect(() => replace(file)).toThrow();
    rmSync(`${file}.partial`, { recursive: true, force: true });
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['old', ['.env']]);
  });
});
