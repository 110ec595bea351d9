import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { explain, OperatorError } from '../operator-error.ts';

/**
 * Writes a new env file (mode 0600) with the two keys of a vault: SECRET_KEY, 48 random bytes in base64, which signs
 * sessions, and ENCRYPTION_KEY, a Fernet key (32 random bytes in URL-safe base64, as the Fernet spec has it).
 *
 * @throws OperatorError if there is a file already: new keys cannot read what old ones sealed.
 */
export function generateKeys(file: string): void {
  const text = `# The keys of this vault. Keep a copy apart from the data: without ENCRYPTION_KEY nobody can read it again.
SECRET_KEY=${randomBytes(48).toString('base64')}
ENCRYPTION_KEY=${randomBytes(32).toString('base64url')}=
`;
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') {
      throw new OperatorError(
        `${file} exists already and was left as it is. To begin with new keys, move it away first.`,
      );
    }
    throw new OperatorError(`${file} could not be written (${code}). Choose another place with KEYSTORE_ENV.`);
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
