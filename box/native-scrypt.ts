/** scrypt of Node.js, which computes it in a thread of its own, so it needs no pauses. */
import { scrypt } from 'node:crypto';
import type { Scrypt } from '../core/crypto/scrypt.ts';

/** What OpenSSL needs besides the table. */
const spareBytes = 65_536;

/** Rejects if a parameter is not one of scrypt. */
export const nativeScrypt: Scrypt = (password, salt, { N, r, p }, length) =>
  new Promise((resolve, reject) => {
    // It refuses to use as much memory as it estimates, unless it is told that it may.
    const maxmem = 132 * N * r * p + spareBytes;
    scrypt(password, salt, length, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
