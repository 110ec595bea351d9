/**
 * The throttles on passwords: after some failures each further attempt must wait, and longer each time (OWASP Authentication
 * Cheat Sheet, and "Slow Down Online Guessing Attacks with Device Cookies"). An attempt that is refused for this does not
 * count, so nobody can prolong a wait.
 *
 * An account's strangers share one throttle, and all that they try from one address another one. A browser or address that
 * signed in with the current password has a throttle of its own, so that strangers cannot lock it out, and a session has one
 * for changing its password. Nothing here tells an account that exists from one that does not.
 */
import { and, eq, gt, inArray, lte, notInArray, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Caller } from '../../core/caller.ts';
import type { Device } from '../../core/crypto/device-token.ts';
import { hashBudgets, maxKnownAddresses, minForgivingMs, passwordThrottles } from '../../core/limits.ts';
import { networkRange } from '../../core/network/address.ts';
import { actorId, granted, verdict, verdictId } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { knownAddresses, throttles, users } from '../store/schema.ts';
import { type Params, query, rowFor, type Values } from '../store/statement.ts';

export const throttleParams = ['network', 'devices', 'unknown_name'] as const;
type Given = Params<(typeof throttleParams)[number]>;
type Network = Pick<Given, 'network'>;

/**
 * @param devices those of the caller's browser.
 * @param unknownName a pseudonym of the name that was typed, in case no account has it.
 */
export const throttleValues = (
  { address }: Caller,
  devices: readonly Device[],
  unknownName: string,
): Values<(typeof throttleParams)[number]> => ({
  network: networkRange(address).from,
  devices: JSON.stringify(devices.map(({ userId, passwordNumber, id }) => [userId, passwordNumber, id])),
  unknown_name: unknownName,
});

/** Reasons of the log that count as a failure. */
const failures = ['wrong_password', 'inactive_account', 'unknown_name'];

/** The account that is signed in to: `principal` in a verdict, `account` in the effects that follow it. */
type Account = Record<'id' | 'password_number' | 'failures_forgiven_at', SQLWrapper>;
const account = alias(users, 'account');
const isAccount = eq(account.id, verdict.actor_id);

const addressOf = ({ id, password_number }: Account, { network }: Network) =>
  and(
    eq(knownAddresses.user_id, id),
    eq(knownAddresses.network, network),
    eq(knownAddresses.password_number, password_number),
  );

/** The id of the caller's device, if the account knows it. */
const deviceOf = ({ id, password_number }: Account, { devices }: Given) =>
  sql`(select json_extract(value, '$[2]') from json_each(${devices})
    where json_extract(value, '$[0]') = ${id} and json_extract(value, '$[1]') = ${password_number} limit 1)`;

const isKnownAddress = (whose: Account, given: Given) =>
  sql`exists ${query.select({ network: knownAddresses.network }).from(knownAddresses).where(addressOf(whose, given))}`;

const isKnown = (whose: Account, given: Given) =>
  sql`(${deviceOf(whose, given)} is not null or ${isKnownAddress(whose, given)})`;

/** Whose attempts are counted together with this one. */
const subjectOf = (whose: Account, given: Given) => sql`case
  when ${whose.id} is null then 'name ' || ${given.unknown_name}
  when ${deviceOf(whose, given)} is not null then 'device ' || ${deviceOf(whose, given)}
  when ${isKnownAddress(whose, given)} then 'account ' || ${whose.id} || ' from ' || ${given.network}
  else 'account ' || ${whose.id} end`;

const networkOf = ({ network }: Network) => sql`'address ' || ${network}`;
const ofSession = sql`'session ' || ${request.session_id}`;

/** Failures up to this time are forgiven. A time in the future comes from a wrong clock and forgives nothing. */
const forgivenAt = (whose: Account, given: Network) => sql`max(
  coalesce(case when ${whose.failures_forgiven_at} <= ${request.now} then ${whose.failures_forgiven_at} end, 0),
  coalesce(${query.select({ at: knownAddresses.forgiven_at }).from(knownAddresses).where(addressOf(whose, given))}, 0))`;

/** When the next attempt is accepted; 0 if now. A longer wait than there can be comes from a wrong clock. */
const waitOf = (subject: SQL, maxWaitMs: number, forgiven: SQLWrapper = sql`0`) =>
  sql`coalesce(${query
    .select({ at: throttles.retry_at })
    .from(throttles)
    .where(
      and(
        eq(throttles.subject, subject),
        sql`${throttles.retry_at} > ${request.now}`,
        sql`${throttles.retry_at} <= ${request.now} + ${maxWaitMs}`,
        sql`${throttles.counted_at} > ${forgiven}`,
      ),
    )}, 0)`;

const { account: ofAccount, address: ofAddress } = passwordThrottles;

/** When the next sign-in may be tried, in milliseconds since 1970; 0 if now. For statements that join the principal. */
export const signInRetryAt = (given: Given): SQL => sql`max(
  ${waitOf(subjectOf(principal, given), ofAccount.maxWaitMs, forgivenAt(principal, given))},
  case when ${isKnown(principal, given)} then 0 else ${waitOf(networkOf(given), ofAddress.maxWaitMs)} end)`;

/** When the session may next try to change its password. */
export const changeRetryAt = (given: Network): SQL =>
  waitOf(ofSession, ofAccount.maxWaitMs, forgivenAt(principal, given));

const signInsOf = (id: SQLWrapper) => sql`'sign-ins ' || ${id}`;
const signInsFrom = ({ network }: Network) => sql`'sign-ins from ' || ${network}`;
const changesOf = (id: SQLWrapper) => sql`'changes ' || ${id}`;

type Budget = Readonly<Record<'atOnce' | 'everyMs', number>>;
const longest = ({ everyMs }: Budget) => everyMs;

/** When there is a hash left for the account and for the address; 0 if now. A known browser does not share in its address. */
export const signInBudgetAt = (given: Given): SQL => sql`max(
  ${waitOf(signInsOf(principal.id), longest(hashBudgets.signInsOfAccount))},
  case when ${deviceOf(principal, given)} is not null then 0
    else ${waitOf(signInsFrom(given), longest(hashBudgets.signInsFromAddress))} end)`;

export const changeBudgetAt = waitOf(changesOf(principal.id), longest(hashBudgets.passwordChanges));

// --- Effects

/** What changes of a user beside a new password: earlier failures are forgiven, and browsers and addresses unknown again. */
export const newPassword = {
  password_number: sql`${users.password_number} + 1`,
  has_default_password: 0,
  failures_forgiven_at: request.now,
};

const isOwn = and(eq(verdict.id, verdictId), eq(verdict.request_id, request.id));
const hasFailed = and(isOwn, inArray(verdict.reason, failures));

/** What one attempt does to the row of a subject. `most` attempts count; more change nothing. */
interface Counting {
  stepMs: number;
  most: number;
  /** @param clearAt when everything will be forgotten, this attempt included. */
  retryAt: (clearAt: SQL) => SQL;
}

const failureOf = (throttle: (typeof passwordThrottles)['account' | 'address']): Counting => {
  const { freeFailures, forgetMs, firstWaitMs, maxWaitMs } = throttle;
  return {
    stepMs: forgetMs,
    most: freeFailures + Math.ceil(Math.log2(maxWaitMs / firstWaitMs)),
    retryAt: (clearAt) => {
      const level = sql`((${clearAt} - ${request.now} + ${forgetMs - 1}) / ${forgetMs})`;
      return sql`case when ${level} < ${freeFailures} then 0
        else ${request.now} + min(${maxWaitMs}, ${firstWaitMs} << (${level} - ${freeFailures})) end`;
    },
  };
};

const spentFrom = ({ atOnce, everyMs }: Budget): Counting => ({
  stepMs: everyMs,
  most: atOnce,
  retryAt: (clearAt) => sql`${clearAt} - ${(atOnce - 1) * everyMs}`,
});

/** Counts one attempt of a subject if the condition on verdict and account holds. */
const count = (subject: SQL, { stepMs, most, retryAt }: Counting, given: Network | null, when: SQL | undefined) => {
  const forgiven = given ? forgivenAt(account, given) : sql`0`;
  const before = sql`case when ${throttles.clear_at} > ${request.now} and ${throttles.clear_at} <= ${request.now} + ${most * stepMs}
    and ${throttles.counted_at} > ${forgiven} then ${throttles.clear_at} else ${request.now} end`;
  const clearAt = sql`(min(${before}, ${request.now} + ${(most - 1) * stepMs}) + ${stepMs})`;
  const row = { subject, clear_at: clearAt, retry_at: retryAt(clearAt), counted_at: request.now };
  return query
    .insert(throttles)
    .select(
      query
        .select(rowFor(throttles, row))
        .from(verdict)
        .leftJoin(account, isAccount)
        .leftJoin(throttles, eq(throttles.subject, subject))
        .where(when),
    )
    .onConflictDoUpdate({
      target: throttles.subject,
      set: {
        clear_at: sql`excluded.clear_at`,
        retry_at: sql`excluded.retry_at`,
        counted_at: sql`excluded.counted_at`,
      },
    });
};

const own = sql`exists ${query.select({ id: verdict.id }).from(verdict).where(isOwn)}`;

/** Longer than anything is remembered. */
const dayMs = 86_400_000;

/** Keeps the table small: what is forgotten goes, and so does what a wrong clock has left in the future. */
const prune = [
  query.delete(throttles).where(and(lte(throttles.clear_at, request.now), own)),
  query.delete(throttles).where(and(gt(throttles.clear_at, sql`${request.now} + ${dayMs}`), own)),
];

/** The effects of a sign-in on the throttles: of a failed one, and of a good one. */
export const signInCounts = (given: Given) => [
  ...prune,
  count(subjectOf(account, given), failureOf(ofAccount), given, hasFailed),
  count(networkOf(given), failureOf(ofAddress), null, and(hasFailed, sql`not ${isKnown(account, given)}`)),
  count(signInsOf(actorId), spentFrom(hashBudgets.signInsOfAccount), null, and(isOwn, granted)),
  count(signInsFrom(given), spentFrom(hashBudgets.signInsFromAddress), null, and(isOwn, granted)),
  query
    .delete(throttles)
    .where(
      and(
        eq(
          throttles.subject,
          sql`(select 'device ' || ${deviceOf(account, given)} from ${users} ${sql.raw('account')} where ${account.id} = ${actorId})`,
        ),
        granted,
      ),
    ),
];

/**
 * Of the users' row, after a good sign-in: a stranger's forgives what strangers have failed, but not too often. A known caller
 * has a throttle of its own, and proves nothing about the strangers.
 */
export const forgiving = (given: Given) => sql`case
  when ${isKnown(users, given)} or ${users.failures_forgiven_at} between ${request.now} - ${minForgivingMs} and ${request.now}
  then ${users.failures_forgiven_at} else ${request.now} end`;

/** The effects of an attempt to change the password. */
export const changeCounts = (given: Network) => [
  ...prune,
  count(ofSession, failureOf(ofAccount), given, hasFailed),
  count(
    changesOf(actorId),
    spentFrom(hashBudgets.passwordChanges),
    null,
    and(isOwn, sql`(${granted} or ${hasFailed})`),
  ),
];

/** Makes the caller's address known to the account, and forgets the one that was not seen for longest. */
export const knowAddress = ({ network }: Network) => [
  query
    .insert(knownAddresses)
    .select(
      query
        .select(
          rowFor(knownAddresses, {
            user_id: account.id,
            network,
            password_number: account.password_number,
            seen_at: request.now,
            forgiven_at: request.now,
          }),
        )
        .from(verdict)
        .innerJoin(account, isAccount)
        .where(and(isOwn, granted)),
    )
    .onConflictDoUpdate({
      target: [knownAddresses.user_id, knownAddresses.network],
      set: {
        password_number: sql`excluded.password_number`,
        seen_at: sql`excluded.seen_at`,
        forgiven_at: sql`case when ${knownAddresses.forgiven_at} > excluded.forgiven_at - ${minForgivingMs}
          and ${knownAddresses.forgiven_at} <= excluded.forgiven_at then ${knownAddresses.forgiven_at} else excluded.forgiven_at end`,
      },
    }),
  query.delete(knownAddresses).where(
    and(
      eq(knownAddresses.user_id, actorId),
      notInArray(
        knownAddresses.network,
        sql`(select network from known_addresses newest where newest.user_id = ${actorId}
          order by newest.seen_at desc limit ${maxKnownAddresses})`,
      ),
      granted,
    ),
  ),
];
