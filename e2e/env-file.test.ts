/** `.env` in the forms that people have, as the whole vault takes or refuses them. The forms as such are in core/settings. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newEnvFile } from '../core/settings/new-keys.ts';
import { ask, startVault } from '../testing/vault.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'env file '));
  folders.push(folder);
  return folder;
}

async function signIn(url: string, password: string): Promise<number> {
  return (await ask(url, 'POST', '/auth/login', { body: { username: 'admin', password } })).status;
}

const withQuotes = `it's "q" \\n #1`;

test.each<[string, string, string]>([
  ['a byte order mark and line ends of Windows', '\uFEFFADMIN_PASSWORD=correct horse\r\n', 'correct horse'],
  ['export with a tab and escapes', 'export\tADMIN_PASSWORD="a\\"b\\\\c\\$d\'e"\t# comment\n', 'a"b\\c$d\'e'],
  ['line ends of old Macs and no substitution', '# mine\rADMIN_PASSWORD = $HOME-correct\r', '$HOME-correct'],
  ['a file with line ends and a byte order mark', 'ADMIN_PASSWORD_FILE="FOLDER/password"\n', withQuotes],
])('%s: the password counts, and the default one does not', async (_, lines, password) => {
  const folder = freshFolder();
  writeFileSync(join(folder, 'password'), `\uFEFF${password}\r\n\n`);
  const keys = lines.includes('\n') ? newEnvFile() : newEnvFile().replaceAll('\n', '\r');
  writeFileSync(join(folder, '.env'), lines.replace('FOLDER', folder) + keys);
  const vault = await startVault({ folder });
  try {
    expect([await signIn(vault.url, password), await signIn(vault.url, 'admin123')]).toEqual([200, 401]);
  } finally {
    await vault.stop();
  }
});

const keys = { SECRET_KEY: 'sdkfh3487fhsdkjfh347fsdkjfh3487fsdkfj34', ENCRYPTION_KEY: newEnvFile().slice(-45, -1) };

test.each<[string, (file: string) => void, string]>([
  ['UTF-16', (file) => writeFileSync(file, Buffer.from('\uFEFFADMIN_PASSWORD=x\r\n', 'utf16le')), 'is not UTF-8'],
  [
    'a misspelt name',
    (file) => writeFileSync(file, 'A=1\nADMIN_PASWORD=x\n'),
    'line 2: ADMIN_PASWORD is not a setting',
  ],
  ['a no-break space', (file) => writeFileSync(file, '\u00a0ADMIN_PASSWORD=x\n'), 'line 1: what stands before "="'],
  ['an empty password', (file) => writeFileSync(file, 'ADMIN_PASSWORD=\n'), 'ADMIN_PASSWORD is set but empty'],
  [
    'a quote that swallows the password',
    (file) => writeFileSync(file, 'A="1\nADMIN_PASSWORD="x"\n'),
    'line 2: something follows',
  ],
  [
    'a password file that is not there',
    (file) => writeFileSync(file, 'ADMIN_PASSWORD_FILE=/nowhere/password\n'),
    'ADMIN_PASSWORD_FILE names /nowhere/password, which cannot be read',
  ],
  ['a folder', (file) => void mkdirSync(file), 'cannot be read. Check that it is a file'],
  ['a link to nothing', (file) => symlinkSync('nothing', file), 'cannot be read. Check that it is a file'],
])('%s stops the start in one sentence, though the environment has the keys', async (_, make, sentence) => {
  const folder = freshFolder();
  make(join(folder, '.env'));
  const failure = (await startVault({ folder, env: keys }).catch((error: Error) => error)) as Error;
  expect(failure.message).toContain(sentence);
  expect(failure.message).not.toMatch(/\n\s+at |Error:/);
});
