/** The keys of a new vault. HelperScripts/generate-keys.sh makes the same text on machines without Node.js. */

import { paddedBase64url } from '../crypto/encoding.ts';
import { randomBytes } from '../crypto/random.ts';

/**
 * The text of a new env file: SECRET_KEY, 48 random bytes in base64, which signs
 * sessions, and ENCRYPTION_KEY, a Fernet key (32 random bytes in padded base64url, https://github.com/fernet/spec).
 */
export function newEnvFile(): string {
  return `# The keys of this vault. Keep a copy apart from the data: without ENCRYPTION_KEY the vault cannot be read.
SECRET_KEY=${btoa(String.fromCharCode(...randomBytes(48)))}
ENCRYPTION_KEY=${paddedBase64url(randomBytes(32))}
`;
}
