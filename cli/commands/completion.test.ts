import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Given } from './arguments.ts';
import { run } from './completion.ts';
import { commands } from './table.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-completion-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the script for a shell. Returns its path. */
async function scriptFor(shell: string): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  await run(new Given([shell], [], {}));
  vi.restoreAllMocks();
  const path = join(folder, shell);
  writeFileSync(path, text);
  return path;
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** What a shell prints. Fails if it says anything on standard error. */
function said([command = '', ...args]: string[]): string[] {
  const { stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

const names = commands.map(({ name }) => name);

test('bash completes commands, options and their values', async () => {
  const script = await scriptFor('bash');
  const complete = (...words: string[]) =>
    said([
      'bash',
      '--norc',
      '-c',
      `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keystore; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      script,
      'keystore',
      ...words,
    ]);
  expect(complete('')).toEqual(expect.arrayContaining(names));
  expect(complete('re')).toEqual(['restore']);
  expect(complete('run', '--no')).toEqual(['--no-inherit-env', '--no-mask']);
  expect(complete('export', 'shop', '--format', 'ya')).toEqual(['yaml']);
  expect(complete('projects', 'cr')).toEqual(['create']);
  expect(complete('run', 'shop', '--', 'bas')).toContain('bash');
});

test.skipIf(!isInstalled('fish'))('fish does, too', async () => {
  const script = await scriptFor('fish');
  const complete = (line: string) =>
    said(['fish', '--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line]).map(
      (each) => each.split('\t')[0],
    );
  expect(complete('keystore ')).toEqual(expect.arrayContaining(names));
  expect(complete('keystore run --no-')).toEqual(['--no-inherit-env', '--no-mask']);
  expect(complete('keystore export --format ')).toEqual(expect.arrayContaining(['yaml', 'fish']));
  expect(complete('keystore projects cr')).toEqual(['create']);
});

test.skipIf(!isInstalled('zsh'))('zsh does, too', async () => {
  const script = await scriptFor('zsh');
  // zsh completes in an interactive shell only: one in a pseudo-terminal is typed into.
  const typed = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    zpty -w z "PS1='> '; unsetopt beep; autoload -Uz compinit; compinit -u -D; source ${script}; setopt noautomenu"
    zpty -w z "zstyle ':completion:*' list-prompt ''; print begin"
    zpty -w -n z $'keystore ex\\t--form\\tya\\t'
    zpty -r z text '*yaml*' && print -r -- done
    zpty -d z`;
  const { stdout } = spawnSync('zsh', ['-f', '-c', typed], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder, TERM: 'dumb' },
    timeout: 30_000,
  });
  expect(stdout).toContain('done');
});

test('every script is one that its shell can read', async () => {
  for (const shell of ['bash', 'zsh', 'fish'].filter(isInstalled)) {
    expect(spawnSync(shell, ['-n', await scriptFor(shell)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  }
});
