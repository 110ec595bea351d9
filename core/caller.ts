/** Who sends a request, before and after the database has confirmed it. */
import type { Role } from './policy/policy.ts';

/** What the vault's own page says that it reads a value for, in this header. */
export const pageVias = ['reveal', 'copy'] as const;
export const viaHeader = 'Keystore-Via';

/** How a value is asked for: as the page says, with others in one request, or else through the API. */
export type Via = (typeof pageVias)[number] | 'bulk' | 'api';

/** What a request says about its sender. Every audit event of the request records it. */
export interface Caller {
  /** Ties the effects of a request to its own audit event. Random and unique. */
  requestId: string;
  /** The session that the credential names; null without a valid credential. */
  sessionId: string | null;
  /** The hash of the service token that came in place of a session. */
  tokenHash?: string;
  /** The address as SQL compares it with the ranges of a token (core/network/allowed.ts). Only beside `tokenHash`. */
  sortedAddress?: string | null;
  /** The user name that the credential claims. Only for the log and for the throttle on passwords. */
  claimedName: string | null;
  /** What the header Idempotency-Key says, where the route takes it. */
  idempotency?: Idempotency;
  /** The id of the account that the credential names. The session's row must say the same; it alone decides nothing. */
  claimedId?: number;
  /** What a session may do by its token: null for all that its account may. Absent without a session. */
  claimedAccess?: string | null | undefined;
  /** The likeness of that name, at a sign-in: an account is found by it as well. */
  claimedLikeness?: string;
  address: string;
  /** The cookie by which accounts know this browser, as it came; `core/crypto/device-token.ts` reads it. */
  deviceCookie?: string | null;
  /** Only this machine can reach the vault, so the caller is on it. Otherwise default passwords are good for nothing. */
  isLocal?: boolean;
  userAgent: string;
  /** For the log only: whoever sends the request says so, and it decides nothing. */
  via?: Via;
  /** When the request arrived, in milliseconds since 1970. */
  now: number;
  /** Whether the client has left, or has closed its side of the connection. Not every runtime tells; never true there. */
  hasLeft?: () => boolean;
  /** Whether the disk of the vault is nearly full. */
  isSpaceLow?: boolean;
}

export interface Idempotency {
  /** What the client calls its request, however often it sends it. */
  key: string;
  /** Which request it is: an HMAC under each encryption key, the primary one first. */
  fingerprints: readonly string[];
}

/** The user that a verdict resolved the credential to. */
export interface Principal {
  /** Of the account; for a token of a project, the id of the project, negative. */
  id: number;
  name: string;
  /** A token of a project has that of a user. */
  role: Role;
  /** The service token that the request came with. */
  token?: PrincipalToken;
}

interface PrincipalToken {
  id: number;
  name: string;
  /** The name of the project that it belongs to; null if it is a person's. */
  project: string | null;
}
