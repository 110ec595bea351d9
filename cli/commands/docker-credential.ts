/** `keystore docker-credential`: docker asks, the vault answers. */

import { answerDocker } from '../helpers/docker.ts';
import { Failure } from '../terminal/failure.ts';
import { readInput } from '../terminal/input.ts';
import { standardOutput } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<number> {
  const action = given.argument(0);
  const question = action === 'list' ? '' : (await readInput()).toString();
  const folder = given.text('prefix') ?? process.env.KEYSTORE_DOCKER_PREFIX ?? 'docker/';
  try {
    const { text, exitCode } = await answerDocker(action, question, openVault(), folder);
    standardOutput().write(text);
    return exitCode;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Docker shows its users what is on standard output.
    standardOutput().write(error.message);
    return error.exitCode;
  }
}
