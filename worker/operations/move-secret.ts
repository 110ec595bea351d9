/**
 * Giving a secret another name, another owner, or both, and changing it otherwise in the same request. The log has a rename or a
 * transfer then, and beside it an entry for each of the other changes.
 */
import { and, eq, isNotNull, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { actorFields, granted } from '../store/granted.ts';
import { preview } from '../store/preview.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { auditEvents, secrets, users } from '../store/schema.ts';
import { sealedRow } from '../store/sealed.ts';
import { insertFrom, type Params, query } from '../store/statement.ts';
import { isNamed, mayWithSecret, nameMeant, reachesOwn, secretNamed, targetSecret } from '../store/targets.ts';
import { verdictOn } from '../store/verdict.ts';
import { likenessesAreFilled } from './likenesses.ts';
import {
  arrivedTarget,
  arriving,
  bindingParams,
  bindingRules,
  boundVersions,
  noBindings,
  ownerOnArrival,
  rebound,
  reboundTarget,
  reboundVersions,
  storeBindings,
  takingRules,
  versionsToRebind,
} from './moving.ts';
import { namingRules } from './naming.ts';
import { askOpen, type Outcome, operation } from './operation.ts';
import { place, placeId, placeJoins, placeParams, placeValues } from './place.ts';
import { arrivalQuota, newValueQuota } from './quota.ts';
import { revisionRule } from './revision.ts';
import { changedTarget, nextOfTarget } from './sealed-secrets.ts';
import {
  bindingOf,
  changedContent,
  contentParams,
  contentValues,
  newNameIn,
  type SecretChange,
} from './secret-change.ts';
import { appendVersion, dropOldVersions, eraseOldVersions, idNamed, newestVersion } from './secret-values.ts';
import type { Context } from './vault.ts';

const params = [
  ...contentParams,
  ...['new_name', 'new_likeness', 'owner', 'max_secrets'],
  ...placeParams,
  ...bindingParams,
] as const;

type MoveParams = Params<(typeof params)[number]>;
type MoveAction = 'secret.rename' | 'secret.transfer';

const newOwner = ({ owner }: Pick<MoveParams, 'owner'>) =>
  sql`${query.select({ id: users.id }).from(users).where(eq(users.name, owner))}`;

/** The row of whoever gets it: the request names somebody, and a name can be given to another row. */
const newOwnerRow = ({ owner }: Pick<MoveParams, 'owner'>) =>
  sql`json((select ${sealedRow('users', 'taker')} from users taker where taker.name = ${owner}))`;

/** A secret of a project has no owner; and nobody may be given what then belongs to a project. */
const transferRules = (given: MoveParams): Rule[] => [
  {
    when: sql`${given.owner} is not null and coalesce(${targetSecret.project_id}, ${place.id}) is not null`,
    outcome: 'invalid',
    reason: 'owner_of_project_key',
  },
  {
    when: sql`${given.owner} is not null and ${newOwner(given)} is null`,
    outcome: 'invalid',
    reason: 'no_such_owner',
  },
];

const renamingRules = (given: MoveParams): Rule[] => {
  const isRenamed = isNotNull(given.new_name);
  const naming = namingRules(
    { ...given, name: given.new_name, likeness: given.new_likeness },
    ne(secrets.id, targetSecret.id),
  );
  return [...takingRules, ...naming].map((rule) => ({ ...rule, when: sql`${isRenamed} and (${rule.when})` }));
};

/** Whoever renames and updates must be one who may do both. */
const updateRule = ({ is_update }: MoveParams): Rule => ({
  when: sql`${is_update} and ${reachesOwn('secret.update')} and not ${mayWithSecret('secret.update')}`,
  outcome: 'denied',
  reason: 'project_role',
});

const rulesOf = (given: MoveParams): Rule[] => [
  updateRule(given),
  revisionRule(given.revisions),
  ...renamingRules(given),
  ...transferRules(given),
  ...moveQuota(given),
  ...newValueQuota(given),
  ...bindingRules(given),
];

/** For what stays where it is, only a new value counts. */
const moveQuota = (given: MoveParams): Rule[] => {
  const isMoved = sql`(${given.new_name} is not null or ${given.owner} is not null)`;
  const owner = sql`coalesce(${newOwner(given)}, ${ownerOnArrival})`;
  return arrivalQuota({ ...given, owner }).map((rule) => ({ ...rule, when: sql`${isMoved} and ${rule.when}` }));
};

/** What the log says of it: where the secret has gone. */
const details: Record<MoveAction, (given: MoveParams) => SQL> = {
  'secret.rename': ({ new_name }) => sql`'to ' || ${new_name}`,
  'secret.transfer': ({ owner }) => {
    const before = query.select({ name: users.name }).from(users).where(eq(users.id, targetSecret.owner_id));
    return sql`'from ' || ${before} || ' to ' || ${owner}`;
  },
};

/** An event about the target, beside that of the verdict. It is granted like the verdict, so what follows stays granted. */
const alsoRecord = (given: MoveParams, action: 'secret.update' | 'secret.rename', condition: SQL) =>
  insertFrom(
    auditEvents,
    {
      at: request.now,
      request_id: request.id,
      ...actorFields,
      action,
      target: secrets.name,
      outcome: 'allowed',
      reason: action === 'secret.rename' ? details[action](given) : null,
      address: request.address,
      user_agent: request.user_agent,
    },
    secrets,
    and(isNamed(nameMeant(given)), condition, granted),
  );

const others: Record<MoveAction, (given: MoveParams) => ReturnType<typeof alsoRecord>[]> = {
  'secret.rename': (given) => [alsoRecord(given, 'secret.update', sql`${given.is_update}`)],
  'secret.transfer': (given) => [
    alsoRecord(given, 'secret.rename', isNotNull(given.new_name)),
    alsoRecord(given, 'secret.update', sql`${given.is_update}`),
  ],
};

/** The row gets its new name last: the statements before it find it by the old one. */
const changedRow = (given: MoveParams) => {
  const isRenamed = isNotNull(given.new_name);
  const arrived = arriving(placeId(given));
  return query
    .update(secrets)
    .set({
      ...changedContent(given),
      name: sql`coalesce(${given.new_name}, ${secrets.name})`,
      likeness: sql`iif(${isRenamed}, ${given.new_likeness}, ${secrets.likeness})`,
      project_id: sql`iif(${isRenamed}, ${arrived.project_id}, ${secrets.project_id})`,
      owner_id: sql`coalesce(${newOwner(given)}, iif(${isRenamed}, ${arrived.owner_id}, ${secrets.owner_id}))`,
    })
    .where(and(isNamed(nameMeant(given)), granted))
    .returning({ revision: secrets.revision });
};

/** The target as the move leaves it, for its seal. */
const movedTarget = (given: MoveParams) => {
  const isRenamed = isNotNull(given.new_name);
  const arrived = arrivedTarget(placeId(given));
  const version = sql`iif(${given.token} is null, ${targetSecret.current_version}, ${nextOfTarget})`;
  return changedTarget({
    name: sql`coalesce(${given.new_name}, ${targetSecret.name})`,
    project: sql`iif(${isRenamed}, ${arrived.project}, ${targetSecret.project_id})`,
    owner: sql`coalesce(${newOwner(given)}, iif(${isRenamed}, ${arrived.owner}, ${targetSecret.owner_id}))`,
    version,
    binding: sql`iif(${given.token} is null, ${reboundTarget(given, targetSecret.current_version)}, ${bindingOf(given, targetSecret)})`,
  });
};

const statementsOf = (action: MoveAction) => (given: MoveParams) => ({
  target: targetOf(given),
  rules: rulesOf(given),
  detail: details[action](given),
  ready: or(isNull(given.new_name), likenessesAreFilled),
  touched: sql`('[' || ${movedTarget(given)} || ${reboundVersions(given)} || ']')`,
  reliesOn: [versionsToRebind(given), ...(action === 'secret.transfer' ? [newOwnerRow(given)] : [])],
  seals: ['secrets', 'secret_versions'] as const,
  effects: [
    storeBindings(given),
    appendVersion(nameMeant(given), given, bindingOf(given), sql`${newestVersion} + 1`),
    eraseOldVersions(idNamed(nameMeant(given)), given, -1),
    dropOldVersions(idNamed(nameMeant(given))),
    ...others[action](given),
  ],
  answer: changedRow(given),
});

/** For admins, a transfer finds its target as a rename does. */
const targetOf = (given: MoveParams) => {
  const target = secretNamed('secret.rename', given);
  return { ...target, joins: [...(target.joins ?? []), ...placeJoins(given)] };
};

type Bindings = Partial<ReturnType<typeof rebound>>;

const valuesOf = (change: SecretChange & Bindings, context: Context) => {
  const newName = newNameIn(change);
  const { secret_id, current, bindings, fault } = { ...noBindings, ...change };
  return {
    ...contentValues(change, context, newName),
    new_name: newName,
    new_likeness: newName === null ? null : keyLikeness(newName),
    owner: change.owner,
    max_secrets: context.vault.limits.secrets,
    ...placeValues(newName ?? ''),
    ...{ secret_id, current, bindings, fault },
  };
};

const move = (action: MoveAction) => ({
  carryOut: operation({
    action,
    params,
    needsRoom: ({ value }: SecretChange) => value !== null,
    sql: statementsOf(action),
    objection: (change: SecretChange) => (newNameIn(change) === null ? null : (change.named?.problem ?? null)),
    values: valuesOf,
    result: ([changed]) => changed?.revision ?? null,
  }),
  before: preview(params, (given) => {
    const target = targetOf(given);
    return { refusal: verdictOn({ action, target, rules: rulesOf(given) }, true), facts: boundVersions(target, given) };
  }),
});

const rename = move('secret.rename');
const transfer = move('secret.transfer');

/** Moves a secret. The result is its new revision. A new name takes two round trips: see `moving.ts`. */
export const moveSecret = async (context: Context, change: SecretChange): Promise<Outcome<number | null>> => {
  const { carryOut, before } = change.owner === null ? rename : transfer;
  const newName = newNameIn(change);
  if (newName === null || change.named?.problem) return carryOut.perform(context, change);
  const considered = await askOpen(context, before, valuesOf({ ...change, value: null }, context));
  if (considered.outcome !== 'allowed') return { ...considered, action: carryOut.action };
  return carryOut.perform(context, { ...change, ...rebound(context.vault.keyring, considered.rows, newName) });
};
