/** What every operation works with: the vault, and the caller of this request. */
import type { Caller } from '../../core/caller.ts';
import type { Keyring } from '../../core/crypto/keyring.ts';
import type { ScryptCost } from '../../core/crypto/scrypt.ts';
import type { SessionKey } from '../../core/crypto/session-token.ts';
import type { Hasher } from './hasher.ts';
import type { Metrics } from './metrics.ts';

/** What the worker was started with, parsed once. */
export interface Vault {
  db: D1Database;
  keyring: Keyring;
  /** For bearer tokens. */
  sessionKey: SessionKey;
  /** For the tokens in session cookies. */
  cookieKey: SessionKey;
  sessionTtlSeconds: number;
  /** The cost of new password verifiers. Tests set a cheap one: hashing would take most of their time. */
  passwordCost: ScryptCost;
  /** Computes the hashes outside this thread; null if there is none. */
  hasher: Hasher | null;
  /** The admin's first password in a new vault; where there is none, only a local vault makes accounts. */
  adminPassword: string | null;
  makesDefaultAccounts: boolean;
  /** Whether only the vault's own machine can reach it. Otherwise an account with a default password can only change it. */
  isLocalOnly: boolean;
  /** Whether rows without seals are never this vault's own, and an empty database no beginning (REQUIRE_SEALS). */
  requiresSeals: boolean;
  limits: AccountLimits;
  /** How long a deleted secret stays in the trash. */
  trashMs: number;
  /** What has been counted since the start; null if nobody asks for it. */
  metrics: Metrics | null;
  /** Keeps each new checkpoint of the log outside the vault, where there is a place for it. Never fails. */
  pin?: (() => Promise<void>) | null;
  /** Writes a line of JSON for each event to the output of the process; null if nobody asks for that. */
  writeEvent: ((line: string) => void) | null;
  /** After how many days events leave the log; null if they never do. */
  logDays: number | null;
}

/** What one account may use up. */
export interface AccountLimits {
  requestsPerMinute: number;
  secrets: number;
  /** Of all sealed versions of all its secrets. */
  storedBytes: number;
  /** The values that are kept of one secret. */
  keptVersions: number;
}

export interface Context {
  vault: Vault;
  caller: Caller;
}
