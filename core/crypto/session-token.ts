/**
 * Session tokens: JWT (RFC 7519) with HS256 (RFC 7515, RFC 7518), keyed by SECRET_KEY. A token says who the caller is. The
 * session's database row, which `sid` names, decides what they may do.
 */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type CryptoKey, jwtVerify, SignJWT } from 'jose';
import { base64url, utf8 } from './encoding.ts';
import { isPattern, KeyFormatError, looksLikePlaceholder } from './key-material.ts';
import { randomBytes } from './random.ts';

const minKeyBytes = 32;
const maxTokenCharacters = 4096;
const maxVerifiedTokens = 1024;
const sessionIdPattern = /^[A-Za-z0-9_-]{22}$/;

/** SECRET_KEY. It is imported at its first use and cannot be extracted afterwards. */
export class SessionKey {
  #raw: Uint8Array | undefined;
  #imported: CryptoKey | undefined;

  /** Tokens whose signature is valid. This grants nothing: every request asks the session's row. */
  readonly #verified = new Map<string, Verified>();

  constructor(raw: Uint8Array) {
    this.#raw = raw;
  }

  /** The key for WebCrypto. It is kept as a key, not as a promise: in workerd a promise belongs to the request that made it. */
  async cryptoKey(): Promise<CryptoKey> {
    if (this.#imported) return this.#imported;
    const raw = this.#raw;
    if (!raw) throw new Error('internal error: session key neither raw nor imported');
    const hs256 = { name: 'HMAC', hash: 'SHA-256' };
    const imported = await crypto.subtle.importKey('raw', raw, hs256, false, ['sign', 'verify']);
    this.#imported = imported;
    this.#raw = undefined;
    return imported;
  }

  recall(token: string): Verified | undefined {
    return this.#verified.get(token);
  }

  /** Bounded: when it is full it is cleared, which costs each live token one verification. */
  remember(token: string, verified: Verified): void {
    if (this.#verified.size >= maxVerifiedTokens) this.#verified.clear();
    this.#verified.set(token, verified);
  }
}

interface Verified {
  identity: SessionIdentity;
  /** Seconds since 1970. */
  expiresAt: number;
}

export type SessionClaims = {
  readonly userId: number;
  readonly username: string;
  readonly role: string;
  readonly sessionId: string;
  /** What a child of a sign-in may do; null for all that the account may. */
  readonly access?: string | null | undefined;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds since 1970. The token is invalid from that second on. */
  readonly expiresAt: number;
};

export type SessionIdentity = Pick<SessionClaims, 'sessionId' | 'userId' | 'username'> & {
  /** Version 1.0.0 made no children: a token that does not say is a person's own. */
  readonly access: string | null;
};

/**
 * Parses SECRET_KEY: any text of at least 32 UTF-8 bytes (RFC 7518, section 3.2). White space around it is ignored.
 *
 * @throws KeyFormatError if it is missing, too short, a placeholder, or a repeated pattern.
 */
export function parseSessionKey(secretKey: string | undefined): SessionKey {
  return new SessionKey(parseSecretKey(secretKey));
}

/**
 * The key for one purpose: HMAC-SHA256 under SECRET_KEY of the purpose's name. What is made with it is worth nothing
 * elsewhere: a cookie is no bearer token, and a bearer token is no cookie.
 *
 * @throws KeyFormatError as `parseSessionKey`.
 */
export function deriveKey(secretKey: string | undefined, purpose: string): Uint8Array {
  return hmac(sha256, parseSecretKey(secretKey), utf8(`keystore ${purpose}`));
}

function parseSecretKey(secretKey: string | undefined): Uint8Array {
  const text = (secretKey ?? '').trim();
  if (text === '') throw new KeyFormatError('SECRET_KEY', 'is not set');
  if (!text.isWellFormed()) throw new KeyFormatError('SECRET_KEY', 'is not valid Unicode');
  if (looksLikePlaceholder(text)) throw new KeyFormatError('SECRET_KEY', 'is still a placeholder');
  const bytes = utf8(text);
  if (bytes.length < minKeyBytes) throw new KeyFormatError('SECRET_KEY', `must have at least ${minKeyBytes} bytes`);
  if (isPattern(bytes)) throw new KeyFormatError('SECRET_KEY', 'is a pattern, not random');
  return bytes;
}

/** A new session id: 128 random bits, 22 characters of base64url. */
export function newSessionId(): string {
  return base64url(randomBytes(16));
}

/** Issues a token with the claims `user_id`, `username`, `role`, `sid`, `access`, `iat` and `exp`. */
export async function issueSessionToken(key: SessionKey, claims: SessionClaims): Promise<string> {
  const { userId, username, role, sessionId, access = null, issuedAt, expiresAt } = claims;
  return new SignJWT({ user_id: userId, username, role, sid: sessionId, access })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(await key.cryptoKey());
}

/**
 * The identity that a token claims. Null if the token was not issued with this key, was altered, or has expired at
 * `nowSeconds` (seconds since 1970). Never throws because of a token.
 */
export async function verifySessionToken(
  key: SessionKey,
  token: string,
  nowSeconds: number,
): Promise<SessionIdentity | null> {
  if (token.length > maxTokenCharacters) return null;
  const known = key.recall(token);
  if (known) return nowSeconds < known.expiresAt ? known.identity : null;
  const cryptoKey = await key.cryptoKey();
  try {
    const { payload } = await jwtVerify(token, cryptoKey, {
      // Fixed here, not taken from the token: RFC 8725, section 3.1.
      algorithms: ['HS256'],
      currentDate: new Date(nowSeconds * 1000),
      requiredClaims: ['exp', 'iat'],
    });
    const identity = identityIn(payload);
    // Everything else that jose checks does not change with time.
    if (identity && payload.exp !== undefined && payload.nbf === undefined) {
      key.remember(token, { identity, expiresAt: payload.exp });
    }
    return identity;
  } catch {
    return null;
  }
}

function identityIn({ sid, user_id, username, access }: Record<string, unknown>): SessionIdentity | null {
  if (typeof sid !== 'string' || !sessionIdPattern.test(sid)) return null;
  if (typeof user_id !== 'number' || !Number.isSafeInteger(user_id) || user_id < 1) return null;
  if (typeof username !== 'string' || username === '') return null;
  if (access !== undefined && access !== null && typeof access !== 'string') return null;
  return { sessionId: sid, userId: user_id, username, access: access ?? null };
}
