/** Deleting an account. What is personal goes to the trash, or to another account. */
import { and, count, eq, isNotNull, isNull, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { actorId, actorName, actorRole, granted } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import { auditEvents, secrets, serviceTokens, users } from '../store/schema.ts';
import { insertFrom, type Param, type Params, query } from '../store/statement.ts';
import { inUse, targetUser, userNumbered } from '../store/targets.ts';
import { operation } from './operation.ts';
import { revisionsOf, sealingOf } from './sealed-secrets.ts';
import { counted, sessionsEnded } from './sessions.ts';
import { nameTokensThatEnd } from './tokens.ts';
import { leavesNoAdmin } from './users.ts';

/** Who gets the keys, if the request names somebody. */
const heir = alias(users, 'heir');

/** One event for each secret in use that changes hands. They are the verdict's too, so that what follows stays granted. */
const nameSecretsOf = ({ id, transfer_to }: Params<'id' | 'transfer_to'>) =>
  insertFrom(
    auditEvents,
    {
      at: request.now,
      request_id: request.id,
      actor_id: actorId,
      actor_name: actorName,
      actor_role: actorRole,
      action: sql`iif(${transfer_to} is null, 'secret.delete', 'secret.transfer')`,
      target: secrets.name,
      outcome: 'allowed',
      reason: sql`iif(${transfer_to} is null, 'owner_deleted', 'to ' || ${transfer_to})`,
      address: request.address,
      user_agent: request.user_agent,
    },
    secrets,
    and(eq(secrets.owner_id, id), inUse, granted),
  );

const revision = sql`${secrets.revision} + 1`;

/** Moves what is personal to the trash, of nobody: from there, an admin can take it out. */
const trashSecretsOf = (owner: Param, ...conditions: SQL[]) =>
  query
    .update(secrets)
    .set({ owner_id: null, deleted_at: request.now, deleted_by: actorName, revision })
    .where(and(eq(secrets.owner_id, owner), inUse, ...conditions, granted));

const idOf = (to: Param) => sql`${query.select({ id: users.id }).from(users).where(eq(users.name, to))}`;

/** What the heir gets. What nobody gets needs no seal. */
const handedOver = ({ id, transfer_to }: Params<'id' | 'transfer_to'>) =>
  and(eq(secrets.owner_id, id), inUse, isNotNull(transfer_to));

/** Hands what is personal and in use to the heir, whatever the heir has already. */
const transferSecretsOf = (owner: Param, to: Param) =>
  query
    .update(secrets)
    .set({ owner_id: idOf(to), revision })
    .where(and(eq(secrets.owner_id, owner), inUse, isNotNull(to), granted));

const secretsOfTarget = query
  .select({ count: count() })
  .from(secrets)
  .where(and(eq(secrets.owner_id, targetUser.id), inUse));

const whatBecomes = (to: Param) => sql`iif(${to} is null,
  ${counted(secretsOfTarget, 'key moved to the trash', 'keys moved to the trash')},
  ${counted(secretsOfTarget, 'key handed over', 'keys handed over')})`;

/**
 * Deletes the account. Its secrets in use go to the trash or to the heir, and the log names each. Foreign keys delete its sessions
 * and memberships; what it has in the trash stays there, of nobody.
 */
export const deleteUser = operation({
  action: 'user.delete',
  params: ['id', 'transfer_to'],
  sql: (given) => {
    const target = userNumbered(given.id, 'user.delete');
    return {
      target: {
        ...target,
        joins: [...(target.joins ?? []), { table: heir, on: eq(heir.name, given.transfer_to) }],
      },
      detail: sql`nullif(substr(${whatBecomes(given.transfer_to)} || ${sessionsEnded(sql`${targetUser.id}`)}, 3), '')`,
      rules: [
        { when: eq(targetUser.id, principal.id), outcome: 'invalid', reason: 'own_account' },
        leavesNoAdmin(sql`true`),
        {
          when: sql`${given.transfer_to} is not null and (${heir.id} is null or ${heir.id} = ${targetUser.id})`,
          outcome: 'invalid',
          reason: 'no_heir',
        },
      ],
      watched: revisionsOf(handedOver(given)),
      sealing: [sealingOf({ owner: idOf(given.transfer_to), project: sql`null` }, handedOver(given))],
      seals: ['secrets'],
      effects: [
        nameTokensThatEnd(eq(serviceTokens.user_id, given.id), 'owner_deleted'),
        nameSecretsOf(given),
        transferSecretsOf(given.id, given.transfer_to),
        trashSecretsOf(given.id, isNull(given.transfer_to)),
        query.delete(users).where(and(eq(users.id, given.id), granted)),
      ],
    };
  },
  values: ({ id, transfer_to }: { id: number; transfer_to: string | null }) => ({ id, transfer_to }),
});
