/** `keystore git-credential`: git asks, the vault answers. */

import { answerGit } from '../helpers/git.ts';
import { readInput } from '../terminal/input.ts';
import { standardOutput } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const action = given.argument(0);
  const question = (await readInput()).toString();
  // Git calls helpers with words that they do not know yet, and takes silence for an answer.
  const answer = await answerGit(action, question, openVault, {
    folder: given.text('prefix') ?? process.env.KEYSTORE_GIT_PREFIX ?? 'git/',
    name: given.text('name'),
    username: given.text('username'),
    isWriting: given.has('write'),
  });
  standardOutput().write(answer);
}
