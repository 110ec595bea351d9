/**
 * How the worker has a hash computed by another process on its machine: what it asks, and what that answers. Both are JSON.
 * Where other users of the machine can listen in the place of that process, both are sealed with a key that only the two know:
 * whoever listens there learns nothing and cannot answer.
 */

import { base64url, fromPastedBase64, fromUtf8, utf8 } from './encoding.ts';
import { type FernetKey, openFernet, sealFernet } from './fernet.ts';
import { newNonce } from './random.ts';
import { isScryptCost, type Scrypt, type ScryptCost } from './scrypt.ts';

/** What it takes at most: of a password that was normalised, of a verifier's salt, and of a derived key. */
const maxPasswordBytes = 4_096;
const maxSaltBytes = 2_048;
const maxDerivedBytes = 64;

/** Larger than any job, sealed. */
export const maxHashJobBytes = 32_768;

/** Jobs are padded to a multiple of this, so that their length does not tell that of the password. */
const paddedCharacters = 2_048;

/** A job that was sealed longer ago than this is refused. */
const maxJobAgeSeconds = 60;

interface Job extends ScryptCost {
  /** Chosen anew for each job and repeated in its answer, so that no answer fits another job. */
  id: string;
  password: Uint8Array;
  salt: Uint8Array;
  length: number;
}

/** Null where nobody but the two processes can reach the way between them. */
type Key = FernetKey | null;

/** A {@link Scrypt} that is computed elsewhere. `send` carries a body there and resolves to the answer; it rejects without one. */
export function remoteScrypt(send: (body: string) => Promise<string>, key: Key): Scrypt {
  return async (password, salt, { N, r, p }, length) => {
    const id = newNonce();
    const job = { id, password: base64url(password), salt: base64url(salt), N, r, p, length };
    const answer = parse(open(await send(seal(JSON.stringify(job), key)), key));
    const derived = answer?.id === id ? bytesOf(answer.derived, maxDerivedBytes) : null;
    if (derived?.length !== length) throw new Error('The answer is not one to this job');
    return derived;
  };
}

/** The answer to a body, computed by `scrypt`. Null if the body is no job, or is out of the bounds of stored verifiers. */
export async function answerJob(body: string, key: Key, scrypt: Scrypt): Promise<string | null> {
  const job = readJob(parse(open(body, key)));
  if (job === null) return null;
  const { id, password, salt, N, r, p, length } = job;
  const derived = await scrypt(password, salt, { N, r, p }, length);
  return seal(JSON.stringify({ id, derived: base64url(derived) }), key);
}

function readJob(given: Record<string, unknown> | null): Job | null {
  if (given === null) return null;
  const { id, N, r, p, length } = given;
  const password = bytesOf(given.password, maxPasswordBytes);
  const salt = bytesOf(given.salt, maxSaltBytes);
  if (typeof id !== 'string' || password === null || salt === null || !isScryptCost(N, r, p)) return null;
  if (typeof length !== 'number' || !(length >= 1 && length <= maxDerivedBytes)) return null;
  return { id, password, salt, N: Number(N), r: Number(r), p: Number(p), length };
}

function bytesOf(text: unknown, max: number): Uint8Array | null {
  const bytes = typeof text === 'string' ? fromPastedBase64(text) : null;
  return bytes && bytes.length <= max ? bytes : null;
}

function seal(text: string, key: Key): string {
  if (key === null) return text;
  return sealFernet(key, utf8(text.padEnd(Math.ceil(text.length / paddedCharacters) * paddedCharacters)));
}

function open(body: string, key: Key): string {
  if (key === null) return body;
  try {
    return fromUtf8(openFernet(key, body, { ttlSeconds: maxJobAgeSeconds }));
  } catch {
    return '';
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' ? (parsed as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
