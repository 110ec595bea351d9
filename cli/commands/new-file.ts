/** New files that only their owner can read. */

import { rmSync, writeFileSync } from 'node:fs';
import { codeOf, usageFailure } from '../terminal/failure.ts';
import { note } from '../terminal/output.ts';

/**
 * Makes a file that does not exist yet, and then what it holds: a secret that is shown once is not made before there is a place
 * for it. Nothing is left of the file if that fails.
 */
export async function writeNew<Made>(
  path: string,
  make: () => Promise<Made>,
  textOf: (made: Made) => string,
): Promise<Made> {
  try {
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw usageFailure(`${path} exists already. Choose another path, or remove it first.`);
    }
    throw usageFailure(`${path} cannot be written (${codeOf(error)}).`);
  }
  let made: Made;
  try {
    made = await make();
  } catch (error) {
    rmSync(path);
    throw error;
  }
  writeFileSync(path, textOf(made));
  note(`Written to ${path}, which only you can read.`);
  return made;
}
