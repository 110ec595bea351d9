// Password verifiers in Werkzeug's textual formats, so that the accounts of an older installation keep their passwords:
//
//   scrypt:N:r:p$salt$hex             RFC 7914, 64 bytes
//   pbkdf2:digest:iterations$salt$hex RFC 8018, as many bytes as the digest has
//
// The salt is text and enters as its UTF-8 bytes. New verifiers are scrypt.

import { scrypt } from 'node:crypto';
import { equalBytes } from '@noble/ciphers/utils.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { base64url, fromHex, hex, utf8 } from './encoding.ts';
import { randomBytes } from './random.ts';

type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

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

// What OWASP's Password Storage Cheat Sheet names as equal to N = 2^17, r = 8, p = 1, in a quarter of the memory: 32 MiB.
// An isolate on the edge has 128 MiB.
const currentCost: ScryptCost = { N: 2 ** 15, r: 8, p: 3 };

// What a stored verifier may demand. Whoever can write one must not be able to stall the service with it, nor to plant
// one that is cheap to guess.
const maxCost: ScryptCost = { N: 2 ** 17, r: 8, p: 5 };
const minScryptN = 2 ** 10;
const minIterations = 1_000;
const maxIterations = 1_000_000;
const maxVerifierCharacters = 512;

// The iterations of PBKDF2 that take as long as one lane (p = 1) of the current scrypt; measured, and only roughly true.
const iterationsPerLane = 400_000;

/**
 * A well-formed verifier of the current cost that no known password fits. Verifying against it costs an unknown user
 * the same time as a known one.
 */
export const dummyVerifier = formatScrypt(currentCost, 'no-such-user-here-0000', new Uint8Array(scryptBytes));

/**
 * Parses a verifier. Null for anything malformed or beyond the caps (scrypt: N a power of two from 2^10 to 2^17, r <= 8,
 * p <= 5; PBKDF2: 1,000 to 1,000,000 iterations of sha1, sha256 or sha512).
 *
 * The parameters must be written out. Werkzeug always writes them; its default for a method without them changed from
 * release to release, so a verifier without them does not say what it is.
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
  if (N < minScryptN || N > maxCost.N || !Number.isInteger(Math.log2(N))) return null;
  if (r > maxCost.r || p > maxCost.p || expected.length !== scryptBytes) return null;
  return { kind: 'scrypt', N, r, p, salt, expected };
}

function pbkdf2Verifier(parameters: string[], salt: Verifier['salt'], expected: Verifier['expected']): Verifier | null {
  const [digest = '', iterationsText = ''] = parameters;
  const iterations = decimal(iterationsText);
  if (parameters.length !== 2 || !isDigest(digest) || !iterations) return null;
  if (iterations < minIterations || iterations > maxIterations) return null;
  if (expected.length !== digests[digest].bytes) return null;
  return { kind: 'pbkdf2', digest, iterations, salt, expected };
}

function isDigest(name: string): name is Digest {
  return Object.hasOwn(digests, name);
}

function decimal(text: string): number | null {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}

/**
 * Makes a verifier of the current cost with a random salt of 128 bits, for the password's UTF-8 bytes. Blocks workerd's
 * isolate for a fifth of a second or so: throttle before calling.
 *
 * @throws TypeError if `password` holds a lone surrogate.
 */
export async function makeVerifier(password: string): Promise<string> {
  const salt = base64url(randomBytes(16));
  return formatScrypt(currentCost, salt, await runScrypt(utf8(password), utf8(salt), currentCost));
}

function formatScrypt({ N, r, p }: ScryptCost, salt: string, derived: Uint8Array): string {
  return `scrypt:${N}:${r}:${p}$${salt}$${hex(derived)}`;
}

/**
 * Whether `password` is the one that the verifier was made from. The comparison takes constant time.
 *
 * A malformed or overly costly verifier is false at once. A wrong password for a verifier weaker than the current cost
 * takes about as long as one for a current verifier, so that the time does not tell an old account from no account.
 */
export async function verifyPassword(password: string, verifierText: string): Promise<boolean> {
  const verifier = parseVerifier(verifierText);
  if (!verifier || !password.isWellFormed()) return false;
  const derived = await derive(utf8(password), verifier);
  const matches = equalBytes(derived, verifier.expected);
  if (!matches) await spendTheRest(verifier);
  return matches;
}

/**
 * Whether a verifier costs less work than what {@link makeVerifier} makes now, or is not scrypt, or malformed: replace it at
 * the next good login.
 */
export function needsUpgrade(verifierText: string): boolean {
  const verifier = parseVerifier(verifierText);
  return verifier?.kind !== 'scrypt' || scryptWork(verifier) < scryptWork(currentCost);
}

function scryptWork({ N, r, p }: ScryptCost): number {
  return N * r * p;
}

function derive(password: Uint8Array, verifier: Verifier): Promise<Uint8Array> {
  if (verifier.kind === 'scrypt') return runScrypt(password, verifier.salt, verifier);
  return runPbkdf2(password, verifier.salt, verifier.digest, verifier.iterations);
}

function runScrypt(password: Uint8Array, salt: Uint8Array, { N, r, p }: ScryptCost): Promise<Uint8Array> {
  // Node and workerd refuse to start unless maxmem is above what they estimate, 128 * N * r * p and a little.
  const maxmem = 132 * N * r * p;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, scryptBytes, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)));
  });
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
    // The edge refuses more than 100,000 iterations, and older accounts have up to a million. Slow, but once: a good
    // login replaces the verifier.
    return pbkdf2Async(noble, password, salt, { c: iterations, dkLen: bytes });
  }
}

/** Runs as much scrypt as `verifier` was cheaper than the current cost. */
async function spendTheRest(verifier: Verifier): Promise<void> {
  const { N, r } = currentCost;
  const lanesSpent =
    verifier.kind === 'scrypt'
      ? scryptWork(verifier) / scryptWork({ N, r, p: 1 })
      : verifier.iterations / iterationsPerLane;
  const p = currentCost.p - Math.round(lanesSpent);
  if (p > 0) await runScrypt(new Uint8Array(), verifier.salt, { N, r, p });
}
