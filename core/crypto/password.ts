/**
 * Password verifiers: what the database stores to check a password. The two textual formats are Werkzeug's, so accounts
 * that come from v0.6 keep their passwords:
 *
 *   scrypt:N:r:p$salt$hex             RFC 7914, 64 bytes
 *   pbkdf2:digest:iterations$salt$hex RFC 8018, as many bytes as the digest has
 *
 * The salt is text; its UTF-8 bytes are hashed. New verifiers are always scrypt.
 */

import { equalBytes } from '@noble/ciphers/utils.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64url, fromHex, utf8 } from './encoding.ts';
import { randomBytes } from './random.ts';
import { isScryptCost, type Scrypt, type ScryptCost, sliced } from './scrypt.ts';

/** A stored verifier, parsed. */
export type Verifier = { readonly salt: Uint8Array; readonly expected: Uint8Array } & (
  | ({ readonly kind: 'scrypt' } & ScryptCost)
  | { readonly kind: 'pbkdf2'; readonly digest: Digest; readonly iterations: number }
);

type Digest = keyof typeof digests;

const digests = {
  sha1: { webCrypto: 'SHA-1', noble: sha1, bytes: 20 },
  sha256: { webCrypto: 'SHA-256', noble: sha256, bytes: 32 },
  sha512: { webCrypto: 'SHA-512', noble: sha512, bytes: 64 },
} as const;

const scryptBytes = 64;

/**
 * The cost of every new verifier in production. OWASP's Password Storage Cheat Sheet lists it as equal to N = 2^17, r = 8,
 * p = 1, in a quarter of the memory: 32 MiB. An isolate on the edge has 128 MiB.
 */
export const passwordCost: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };

// The bounds of a stored verifier, besides those of scrypt.ts. The maximum keeps a planted one from stalling the service, the
// minima keep it from being cheap to guess.
const minScryptN = 2 ** 10;
const minPbkdf2Iterations = 1_000;
const maxPbkdf2Iterations = 1_000_000;
const maxVerifierCharacters = 512;

/** One iteration of PBKDF2 in units of N * r * p of scrypt, by time. Measured, and only roughly true. */
const scryptWorkPerIteration = 2 ** 18 / 400_000;

/**
 * Parses a verifier. Null if it is malformed or out of bounds (scrypt: N a power of two from 2^10 to 2^17, r <= 8, p <= 5;
 * PBKDF2: 1,000 to 1,000,000 iterations of sha1, sha256 or sha512).
 *
 * The parameters must be present. Werkzeug always writes them, and its defaults differ between releases, so a verifier
 * without them is ambiguous.
 */
export function parseVerifier(text: string): Verifier | null {
  if (text.length > maxVerifierCharacters || !text.isWellFormed()) return null;
  const match = /^([^$]+)\$([^$]+)\$([0-9a-f]+)$/.exec(text);
  const [, method = '', saltText = '', hexText = ''] = match ?? [];
  const expected = fromHex(hexText);
  if (!match || !expected) return null;
  const salt = utf8(saltText);
  const [name, ...parameters] = method.split(':');
  if (name === 'scrypt') return scryptVerifier(parameters, salt, expected);
  if (name === 'pbkdf2') return pbkdf2Verifier(parameters, salt, expected);
  return null;
}

function scryptVerifier(parameters: string[], salt: Verifier['salt'], expected: Verifier['expected']): Verifier | null {
  const [N, r, p] = parameters.map(decimal);
  if (parameters.length !== 3 || !N || !r || !p) return null;
  if (N < minScryptN || !isScryptCost(N, r, p) || expected.length !== scryptBytes) return null;
  return { kind: 'scrypt', N, r, p, salt, expected };
}

function pbkdf2Verifier(parameters: string[], salt: Verifier['salt'], expected: Verifier['expected']): Verifier | null {
  const [digest = '', iterationsText = ''] = parameters;
  const iterations = decimal(iterationsText);
  if (parameters.length !== 2 || !isDigest(digest) || !iterations) return null;
  if (iterations < minPbkdf2Iterations || iterations > maxPbkdf2Iterations) return null;
  if (expected.length !== digests[digest].bytes) return null;
  return { kind: 'pbkdf2', digest, iterations, salt, expected };
}

function isDigest(name: string): name is Digest {
  return Object.hasOwn(digests, name);
}

function decimal(text: string): number | null {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}

const byTimers = sliced(() => new Promise((resolve) => void setTimeout(resolve, 0)));

/**
 * Makes a scrypt verifier of the given cost from the password's UTF-8 bytes in Unicode's form NFC (NIST SP 800-63B, section
 * 5.1.1.2), which is the same whether a keyboard sends `é` as one character or as two, and a random salt of 128 bits. At
 * {@link passwordCost} it takes about half a second of computing, so throttle before calling.
 *
 * @throws TypeError if `password` holds a lone surrogate.
 */
export async function makeVerifier(password: string, cost: ScryptCost, scrypt: Scrypt = byTimers): Promise<string> {
  const salt = base64url(randomBytes(16));
  const derived = await scrypt(utf8(password.normalize('NFC')), utf8(salt), cost, scryptBytes);
  return `scrypt:${cost.N}:${cost.r}:${cost.p}$${salt}$${bytesToHex(derived)}`;
}

/** What a comparison of a password with a verifier found. */
export interface Comparison {
  matches: boolean;
  /** Whether the verifier was made from another form than NFC, as versions up to 1.0.0 did. It should be replaced. */
  isOldForm: boolean;
}

/** Whether `password` fits the verifier, see {@link comparePassword}. */
export async function verifyPassword(
  password: string,
  verifierText: string | null,
  cost: ScryptCost,
  scrypt: Scrypt = byTimers,
): Promise<boolean> {
  return (await comparePassword(password, verifierText, cost, scrypt)).matches;
}

/**
 * Compares a password with a verifier, in constant time. It is hashed in NFC; and once more as it came and once in NFD, where
 * those differ, since verifiers of earlier versions may have been made from either. A malformed or out-of-bounds verifier does
 * not match, at once.
 *
 * Every other failure takes about as long as one hash of `cost`, the cost of new verifiers, for each form, so the time does not
 * tell which accounts exist: null, for an unknown user, is checked against a dummy verifier, and a verifier of less work than
 * `cost` is followed by the rest of the work.
 */
export async function comparePassword(
  password: string,
  verifierText: string | null,
  cost: ScryptCost,
  scrypt: Scrypt = byTimers,
): Promise<Comparison> {
  const verifier = verifierText === null ? dummyVerifier(cost) : parseVerifier(verifierText);
  if (!verifier || !password.isWellFormed()) return { matches: false, isOldForm: false };
  const normal = password.normalize('NFC');
  for (const form of new Set([normal, password, password.normalize('NFD')])) {
    const derived = await derive(utf8(form), verifier, scrypt);
    if (equalBytes(derived, verifier.expected)) return { matches: true, isOldForm: form !== normal };
    const lanes = remainingLanes(verifier, cost);
    if (lanes > 0) await scrypt(new Uint8Array(), verifier.salt, { ...cost, p: lanes }, scryptBytes);
  }
  return { matches: false, isOldForm: false };
}

/** A verifier that fits no known password. */
function dummyVerifier(cost: ScryptCost): Verifier {
  return { kind: 'scrypt', ...cost, salt: utf8('no-such-user-here-0000'), expected: new Uint8Array(scryptBytes) };
}

/** How many scrypt lanes of `cost` a hash with `verifier` saves, compared with one of the whole `cost`. */
export function remainingLanes(verifier: Verifier, { N, r, p }: ScryptCost): number {
  const spent = verifier.kind === 'scrypt' ? scryptWork(verifier) : verifier.iterations * scryptWorkPerIteration;
  return Math.max(0, p - Math.round(spent / (N * r)));
}

/**
 * Whether a verifier should be replaced at the next successful sign-in: it is malformed, is not scrypt, or costs less work
 * than a new one of `cost`.
 */
export function needsUpgrade(verifierText: string, cost: ScryptCost): boolean {
  const verifier = parseVerifier(verifierText);
  return verifier?.kind !== 'scrypt' || scryptWork(verifier) < scryptWork(cost);
}

function scryptWork({ N, r, p }: ScryptCost): number {
  return N * r * p;
}

function derive(password: Uint8Array, verifier: Verifier, scrypt: Scrypt): Promise<Uint8Array> {
  if (verifier.kind === 'scrypt') return scrypt(password, verifier.salt, verifier, scryptBytes);
  return runPbkdf2(password, verifier.salt, verifier.digest, verifier.iterations);
}

async function runPbkdf2(
  password: Uint8Array,
  salt: Uint8Array,
  digest: Digest,
  iterations: number,
): Promise<Uint8Array> {
  const { webCrypto, noble, bytes } = digests[digest];
  try {
    const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: webCrypto, salt, iterations }, key, bytes * 8);
    return new Uint8Array(bits);
  } catch {
    // The edge refuses more than 100,000 iterations, and accounts from v0.6 have up to a million. This is slow, but it
    // happens once: a successful sign-in replaces the verifier.
    return pbkdf2Async(noble, password, salt, { c: iterations, dkLen: bytes });
  }
}
