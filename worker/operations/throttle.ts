/**
 * The throttle on passwords (OWASP Authentication Cheat Sheet, "Account Lockout"). The failures in the audit log are the
 * counter. A successful sign-in forgives the failures of the account, not those of the address.
 */
import { and, desc, eq, gt, gte, inArray, lt, lte, type SQL, sql } from 'drizzle-orm';
import type { Caller } from '../../core/caller.ts';
import { failureWindowSeconds, maxFailuresPerAccount, maxFailuresPerAddress } from '../../core/limits.ts';
import { networkRange } from '../../core/network/address.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { auditEvents } from '../store/schema.ts';
import { type Params, query, type Values } from '../store/statement.ts';

const windowMs = failureWindowSeconds * 1000;

export const throttleParams = ['network_from', 'network_to'] as const;
type ThrottleParam = (typeof throttleParams)[number];

/** The same condition as in the partial indexes of the migrations; otherwise SQLite does not use them. */
const failed = inArray(auditEvents.reason, ['wrong_password', 'inactive_account']);

/** Bounded in both directions, so that a clock that was set wrong locks nobody out for longer than the window. */
const recent = and(
  gt(auditEvents.at, sql`${request.now} - ${windowMs}`),
  lt(auditEvents.at, sql`${request.now} + ${windowMs}`),
);

/** Failures up to this time are forgiven. A time in the future comes from a wrong clock and forgives nothing. */
const forgivenAt = sql`coalesce(case when ${principal.failures_forgiven_at} <= ${request.now}
  then ${principal.failures_forgiven_at} end, 0)`;

/** The time of the oldest failure that counts, if there are `max` of them; otherwise null. */
const oldestFailure = (max: number, of: SQL | undefined) =>
  query
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(and(failed, of, recent))
    .orderBy(desc(auditEvents.at))
    .limit(1)
    .offset(max - 1);

const oldestOfAccount = oldestFailure(
  maxFailuresPerAccount,
  and(
    eq(auditEvents.actor_name, sql`coalesce(${principal.name}, ${request.shown_name})`),
    gt(auditEvents.at, forgivenAt),
  ),
);

const oldestOfAddress = ({ network_from, network_to }: Params<ThrottleParam>) =>
  oldestFailure(
    maxFailuresPerAddress,
    and(gte(auditEvents.address, network_from), lte(auditEvents.address, network_to)),
  );

/** When the next attempt may be made, in milliseconds since 1970; 0 if now. For statements that join the principal. */
export const retryAt = (params: Params<ThrottleParam>): SQL => sql`max(
  coalesce(${oldestOfAccount} + ${windowMs}, 0), coalesce(${oldestOfAddress(params)} + ${windowMs}, 0))`;

export const throttled = (params: Params<ThrottleParam>): SQL =>
  sql`coalesce(${oldestOfAccount}, ${oldestOfAddress(params)}) is not null`;

export const throttleValues = ({ address }: Caller): Values<ThrottleParam> => {
  const { from, to } = networkRange(address);
  return { network_from: from, network_to: to };
};
