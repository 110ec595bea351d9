/** What a statement may use of the request that runs it, without declaring it: the parameters named `request.*`. */
import type { Caller } from '../../core/caller.ts';
import { shown } from '../../core/text.ts';
import { param, type Values } from './statement.ts';

export const request = {
  now: param('request.now'),
  id: param('request.id'),
  session_id: param('request.session_id'),
  /** The hash of the service token, where one came in place of a session. */
  token_hash: param('request.token_hash'),
  /** The address in the form that ranges of tokens have. */
  sorted_address: param('request.sorted_address'),
  claimed_name: param('request.claimed_name'),
  claimed_likeness: param('request.claimed_likeness'),
  /** The claimed name with its invisible characters made visible, for the log. */
  shown_name: param('request.shown_name'),
  address: param('request.address'),
  user_agent: param('request.user_agent'),
  /** How a value is asked for. */
  via: param('request.via'),
  /** The fingerprint of the primary key in ENCRYPTION_KEY. */
  key_id: param('request.key_id'),
  /** The Idempotency-Key, and a JSON list of the fingerprints. Only in statements that are compiled for requests with one. */
  idempotency_key: param('request.idempotency_key'),
  fingerprints: param('request.fingerprints'),
  /** A JSON list of the texts that were checked: what the verdict may rely on. Only in transactions that write. */
  relied: param('request.relied'),
  /** A JSON list of `[table, seal, what finds the row ...]`. */
  seals: param('request.seals'),
  /** The seal of the version that is appended. */
  version_seal: param('request.version_seal'),
  /** The name of a row whose seal does not hold. */
  fault: param('request.fault'),
  /** 1 if only the vault's own machine can reach it, else 0. */
  is_local: param('request.is_local'),
} as const;

export type RequestParam = `request.${keyof typeof request}`;

/** Only requests with an Idempotency-Key have values for these. */
type KeyParam = 'request.idempotency_key' | 'request.fingerprints' | SealParam;
/** And only those that write have these. */
type SealParam = 'request.relied' | 'request.seals' | 'request.version_seal' | 'request.fault';

export const isRequestParam = (name: string): boolean => name.startsWith('request.');

export const requestValues = (caller: Caller, keyId: string): Values<Exclude<RequestParam, KeyParam>> => ({
  'request.now': caller.now,
  'request.id': caller.requestId,
  'request.session_id': caller.sessionId,
  'request.token_hash': caller.tokenHash ?? null,
  'request.sorted_address': caller.sortedAddress ?? null,
  'request.claimed_name': caller.claimedName,
  'request.claimed_likeness': caller.claimedLikeness ?? null,
  'request.shown_name': caller.claimedName === null ? null : shown(caller.claimedName),
  'request.address': caller.address,
  'request.user_agent': caller.userAgent,
  'request.via': caller.via ?? 'api',
  'request.key_id': keyId,
  'request.is_local': Number(caller.isLocal ?? false),
  ...(caller.idempotency && {
    'request.idempotency_key': caller.idempotency.key,
    'request.fingerprints': JSON.stringify(caller.idempotency.fingerprints),
  }),
});
