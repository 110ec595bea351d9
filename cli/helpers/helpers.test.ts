import { describe, expect, test } from 'vitest';
import type { Vault } from '../vault/client.ts';
import { answerAws } from './aws.ts';
import { answerGit } from './git.ts';

/** A vault that must not be asked. */
function noVault(): Vault {
  throw new Error('The vault was asked.');
}
const options = { folder: 'git/', name: undefined, username: undefined, isWriting: false };

describe('git', () => {
  test.each([
    'protocol=http\nhost=example.com\n',
    'protocol=http\nhost=127.0.0.1.example.com\n',
    'protocol=https\n',
    'protocol=ssh\nhost=example.com\n',
    '',
  ])('no password goes to %j, and the vault is not asked', async (question) => {
    expect(await answerGit('get', question, noVault, options)).toBe('');
  });

  test.each(['store', 'erase', 'capability', 'whatever'])(
    '%s is ignored unless writing is asked for',
    async (action) => {
      const question = 'protocol=https\nhost=example.com\nusername=a\npassword=b\n';
      expect(await answerGit(action, question, noVault, options)).toBe('');
    },
  );
});

test('AWS gets all fields that there are, and an error that names the key that is missing', async () => {
  const read = (values: Record<string, string>) => async () => ({ values, missing: [] });
  const keys = { 'a/AWS_ACCESS_KEY_ID': 'AKIA', 'a/AWS_SECRET_ACCESS_KEY': 'secret\n' };
  expect(await answerAws('a', read(keys))).toEqual({ Version: 1, AccessKeyId: 'AKIA', SecretAccessKey: 'secret' });
  expect(await answerAws('a/', read({ ...keys, 'a/AWS_SESSION_TOKEN': 't' }))).toMatchObject({ SessionToken: 't' });
  await expect(answerAws('a', read({}))).rejects.toThrow('a/AWS_ACCESS_KEY_ID');
});
