// What a new password must be. After NIST SP 800-63B, section 5.1.1.2: a length, a list of what is guessed first, no
// rules about kinds of characters.

import { isCommonPassword } from './common-passwords.ts';

export const minPasswordCharacters = 8;

// Enough for any passphrase, and little enough to be hashed without thought.
export const maxPasswordBytes = 1024;

/**
 * Why `password` may not be the password of `username`, as a sentence for whoever chose it; null if it may. The length
 * is at least 8 code points and at most 1,024 UTF-8 bytes.
 */
export function passwordProblem(password: string, username: string): string | null {
  if (!password.isWellFormed()) return 'The password contains half of a character pair; type it again.';
  if (isTooLong(password)) return `The password must not be longer than ${maxPasswordBytes} bytes.`;
  if ([...password].length < minPasswordCharacters) {
    return `The password must have at least ${minPasswordCharacters} characters.`;
  }
  if (fold(password) === fold(username)) return 'The password must not be the user name.';
  if (isCommonPassword(fold(password)) || /^keystore\d*$/.test(fold(password))) {
    return 'That password is one of the first that an attacker tries; choose another.';
  }
  return null;
}

/** Whether `password` has more UTF-8 bytes than a password may have; also for passwords that only have to be checked. */
export function isTooLong(password: string): boolean {
  // UTF-8 never takes fewer bytes than UTF-16 takes units, so a huge text is not encoded to find out that it is huge.
  return password.length > maxPasswordBytes || new TextEncoder().encode(password).length > maxPasswordBytes;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
