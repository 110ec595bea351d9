/** The examples that the browser offers, as a shell reads them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readingSnippets, runSnippet } from '../../ui/api/snippets.ts';

const vault = 'https://vault.example.com/keys-of-us';
const names = ['STRIPE', 'shop/prod/STRIPE', 'my key', "it's", '$(echo hacked)', '`id`', 'a\\b"c', 'ünï;rm -rf .', '*'];

const run = promisify(execFile);

/** The arguments that a shell gives to a program whose line it runs. */
async function argumentsOf(program: string, code: string): Promise<string[]> {
  const { stdout } = await run('sh', ['-c', `${program}() { printf '%s\\n' "$@"; }\n${code}`]);
  return stdout.split('\n').slice(0, -1);
}

test.each(names)('the line for the command line means the key %j to a shell, and nothing else', async (name) => {
  const { code } = runSnippet(vault, name, 'VARIABLE');
  expect(await argumentsOf('keystore', code)).toEqual(['run', '--map', `${name}=VARIABLE`, name, '--', 'npm', 'start']);
});

test('a key whose last part is the variable needs no other name', () => {
  const { code } = runSnippet(vault, 'shop/prod/STRIPE', 'STRIPE');
  expect(code).toBe(`export KEYSTORE_URL=${vault}\nkeystore run shop/prod/STRIPE -- npm start`);
});

test.each(names)('the line for curl asks for %j', async (name) => {
  const code = readingSnippets(vault, name).find(({ value }) => value === 'curl')?.code ?? '';
  const url = (await argumentsOf('curl', code)).at(-1) ?? '';
  expect(decodeURIComponent(new URL(url).pathname)).toBe(`/keys-of-us/keys/${name}`);
});
