import { sql } from 'drizzle-orm';
import { networkRange } from '../../core/network/address.ts';
import type { Caller } from '../store/commit.ts';
import { auditEvents } from '../store/schema.ts';
import { type Values, value } from '../store/statement.ts';

/**
 * The throttle on passwords (OWASP Authentication Cheat Sheet, "Account Lockout"): the log of failures is the counter. A
 * good sign-in forgives an account's failures, never an address's.
 */

export const failuresPerAccount = 5;
export const failuresPerAddress = 20;
export const windowSeconds = 15 * 60;

const windowMs = windowSeconds * 1000;

/** As the partial indexes have it, word for word: otherwise they are not used. */
const failed = sql`reason IN ('wrong_password', 'inactive_account')`;

/** Both ways from now, so that neither a clock set back nor one set ahead locks anybody out for longer. */
const recent = sql`at > ${value('window_from')} AND at < ${value('window_to')}`;

/** A moment of forgiveness that lies ahead of the clock forgives nothing. */
const forgiven = sql`
  coalesce(CASE WHEN principal.failures_forgiven_at <= ${value('now')} THEN principal.failures_forgiven_at END, 0)`;

const oldestOfAccount = sql`(
  SELECT at FROM ${auditEvents} WHERE ${failed} AND actor_name = ${value('account')} AND ${recent} AND at > ${forgiven}
  ORDER BY at DESC LIMIT 1 OFFSET ${sql.raw(String(failuresPerAccount - 1))})`;

const oldestOfAddress = sql`(
  SELECT at FROM ${auditEvents} WHERE ${failed} AND address >= ${value('network_from')} AND address <= ${value('network_to')}
    AND ${recent}
  ORDER BY at DESC LIMIT 1 OFFSET ${sql.raw(String(failuresPerAddress - 1))})`;

/** When the next attempt may be made, in ms since 1970; 0 if it may be made now. */
export const retryAt = sql`
  max(coalesce(${oldestOfAccount} + ${value('window_ms')}, 0), coalesce(${oldestOfAddress} + ${value('window_ms')}, 0))`;

export const throttled = sql`coalesce(${oldestOfAccount}, ${oldestOfAddress}) IS NOT NULL`;

export const throttleValues = ({ address, now }: Caller, account: string): Values => {
  const network = networkRange(address);
  return {
    account,
    network_from: network.from,
    network_to: network.to,
    window_from: now - windowMs,
    window_to: now + windowMs,
    window_ms: windowMs,
  };
};
