/** `node box/commands/generate-keys.ts [FILE]`: writes a new env file with the two keys of a vault. */

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import { newEnvFile } from '../../core/settings/new-keys.ts';
import { runCommand } from './command.ts';

/**
 * Writes a new env file (mode 0600). It is on the disk when this returns, before anything is sealed with it.
 *
 * @throws OperatorError if there is a file already: new keys cannot read what old ones sealed.
 */
export function generateKeys(file: string): void {
  try {
    writeFileSync(file, newEnvFile(), { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') {
      throw new OperatorError(`${file} exists already and was not changed. To make new keys, move it away first.`);
    }
    throw new OperatorError(sentences.envFileUnwritable(file, code));
  }
}

async function main([file = process.env.KEYSTORE_ENV || '.env']: string[]): Promise<number> {
  generateKeys(resolve(file));
  console.log(`Wrote ${resolve(file)} (mode 0600). Keep a copy of it apart from the data.`);
  return 0;
}

if (import.meta.main) await runCommand(main);
