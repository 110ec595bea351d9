/** Changing one's own password. */
import { and, eq, ne, sql } from 'drizzle-orm';
import { passwordProblem } from '../../core/accounts/password-policy.ts';
import { readDevices, withDevice, writeDevices } from '../../core/crypto/device-token.ts';
import { makeVerifier, verifyPassword } from '../../core/crypto/password.ts';
import { networkRange } from '../../core/network/address.ts';
import { actorId, granted } from '../store/granted.ts';
import { preview } from '../store/preview.ts';
import { principal, principalByCredential } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { instance, sessions, users } from '../store/schema.ts';
import { integer, query, type Value } from '../store/statement.ts';
import { verdictOn } from '../store/verdict.ts';
import { sealSwitchedOff, switchedOff, switchOffUnused } from './default-accounts.ts';
import { scryptBy } from './hasher.ts';
import { inTurn } from './hashing.ts';
import { askOpen, type Operation, operation } from './operation.ts';
import { type PasswordParam, passwordIsWrong, passwordParams, tooMany } from './password-check.ts';
import { endSessions, sessionsEnded } from './sessions.ts';
import { changeBudgetAt, changeCounts, changeRetryAt, knowAddress, newPassword } from './throttle.ts';
import { futureAccount } from './users.ts';

const storePassword = operation({
  action: 'password.change',
  params: ['network', ...passwordParams, 'new_verifier'],
  sql: (given) => ({
    rules: [
      { when: sql`${changeRetryAt(given)} > ${request.now}`, outcome: 'denied', reason: 'throttled' },
      { when: passwordIsWrong(given), outcome: 'denied', reason: 'wrong_password' },
    ],
    detail: sql`nullif(substr(${sessionsEnded(sql`${principal.id}`, ne(sessions.id, request.session_id))}, 3), '')`,
    touched: sql`json_array(${futureAccount(sql`${principal.id}`, {
      ...principal,
      verifier: given.new_verifier,
      must_change_password: sql`0`,
      has_default_password: sql`0`,
    })})`,
    seals: ['users'],
    effects: [
      ...changeCounts(given),
      query
        .update(users)
        .set({ verifier: given.new_verifier, must_change_password: 0, ...newPassword })
        .where(and(eq(users.id, actorId), granted)),
      endSessions(eq(sessions.user_id, actorId), ne(sessions.id, request.session_id)),
      ...knowAddress(given),
      ...switchOffUnused,
    ],
    answer: switchedOff,
  }),
  values: (given: Record<'network' | PasswordParam | 'new_verifier', Value>) => given,
  result: (found, _, { vault }) => sealSwitchedOff(vault, found),
});

/** Whether the caller may change the password, and what the check of the current one needs. */
const beforeChange = preview(
  ['network'],
  (given) => {
    const facts = query
      .select({
        id: principal.id,
        verifier: principal.verifier,
        password_number: principal.password_number,
        retry_at: integer('retry_at', changeRetryAt(given)),
        budget_at: integer('budget_at', changeBudgetAt),
      })
      .from(instance)
      .where(eq(instance.key_id, request.key_id))
      .$dynamic();
    // Drizzle's builder changes in place.
    for (const { table, on } of principalByCredential()) void facts.leftJoin(table, on);
    return { refusal: verdictOn({ action: 'password.change' }, true), facts };
  },
  ['session'],
);

/**
 * Changes the caller's password and ends the other sessions of the account. Wrong current passwords are counted for the
 * session, so that strangers who fail to sign in cannot keep a user from changing the password. The result is the device
 * cookie: the account knows this browser under the new password, and no other.
 */
export const changePassword: Operation<
  Record<'current_password' | 'new_password', string>,
  { deviceCookie: string }
> = {
  action: 'password.change',
  recordInvalid: storePassword.recordInvalid,
  perform: async (context, { current_password, new_password }) => {
    const { caller, vault } = context;
    const problem = passwordProblem(new_password, caller.claimedName ?? '');
    if (problem) return storePassword.recordInvalid(context, problem, null);
    return inTurn(caller, async (pause) => {
      const scrypt = scryptBy(vault.hasher, pause);
      const network = networkRange(caller.address).from;
      const considered = await askOpen(context, beforeChange, { network });
      if (considered.outcome !== 'allowed') return { ...considered, action: 'password.change' };
      const { id, verifier, password_number, retry_at, budget_at } = considered.facts;
      if (retry_at) return tooMany('password.change', 'throttled', retry_at, caller.now);
      if (budget_at) return tooMany('password.change', 'too_many_changes', budget_at, caller.now);
      const matches = await verifyPassword(current_password, verifier, vault.passwordCost, scrypt);
      const changed = await storePassword.perform(context, {
        network,
        password_matches: Number(matches),
        verifier,
        new_verifier: matches ? await makeVerifier(new_password, vault.passwordCost, scrypt) : null,
      });
      if (changed.outcome !== 'allowed') return changed;
      const devices = await readDevices(vault.sessionKey, caller.deviceCookie);
      const deviceCookie = await writeDevices(vault.sessionKey, withDevice(devices, id, password_number + 1));
      return { outcome: 'allowed', result: { deviceCookie } };
    });
  },
};
