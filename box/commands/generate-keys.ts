/** `node box/commands/generate-keys.ts [FILE]`: writes a new env file with the two keys of a vault. */

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sentences } from '../../core/settings/messages.ts';
import { newEnvFile } from '../../core/settings/new-keys.ts';
import { explain, OperatorError } from '../operator-error.ts';

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

if (import.meta.main) {
  const file = resolve(process.argv[2] ?? process.env.KEYSTORE_ENV ?? '.env');
  try {
    generateKeys(file);
    console.log(`Wrote ${file} (mode 0600). Keep a copy of it apart from the data.`);
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}
