/**
 * The rules for new passwords, after NIST SP 800-63B, section 5.1.1.2: a minimum length and a list of common passwords, but
 * no rules about kinds of characters.
 */

import { maxPasswordBytes, minPasswordCharacters } from '../limits.ts';
import { isCommonPassword } from './common-passwords.ts';

/**
 * Why `password` is not acceptable for the user `username`, as a sentence for the person who chose it; null if it is
 * acceptable. The length is at least 8 code points in NFC and at most 1,024 UTF-8 bytes.
 */
export function passwordProblem(password: string, username: string): string | null {
  if (!password.isWellFormed()) return 'The password is not valid Unicode. Type it again.';
  if (!hasAtMostBytes(password, maxPasswordBytes))
    return `The password must be at most ${maxPasswordBytes} bytes long.`;
  if ([...password.normalize('NFC')].length < minPasswordCharacters) {
    return `The password must have at least ${minPasswordCharacters} characters.`;
  }
  if (fold(password) === fold(username)) return 'The password must not be the user name.';
  if (isCommonPassword(fold(password)) || /^keystore\d*$/.test(fold(password))) {
    return 'The password is one of the most common ones. Choose another.';
  }
  return null;
}

/** Whether `text` has at most `max` bytes in UTF-8. */
export function hasAtMostBytes(text: string, max: number): boolean {
  // UTF-8 has one to three bytes for a unit of UTF-16, so neither a huge text nor a short one need be encoded.
  if (text.length * 3 <= max) return true;
  return text.length <= max && encoder.encode(text).length <= max;
}

const encoder = new TextEncoder();

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
