/**
 * The second step of an import: it decides anew on every entry, on what is true then, and stores all of them or none. An event for
 * each says so.
 */
import { and, asc, eq, gt, isNotNull, lte, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { maxDroppedVersions, maxVersionsPerSecret, minTrashedPerAccount } from '../../core/limits.ts';
import { type Form, formsWithKey, writtenGuarded } from '../store/form.ts';
import { actorId, actorName, granted, verdict, verdictId } from '../store/granted.ts';
import { keepGiven } from '../store/kept-answers.ts';
import { principal } from '../store/principal.ts';
import { reliedOf } from '../store/relied.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { projects, secrets, secretVersions, usage } from '../store/schema.ts';
import { slotsIn, storeSeals } from '../store/sealed.ts';
import { atFirstUse, compile, param, type Query, query, rowFor, type Statement } from '../store/statement.ts';
import { isNamed, secretNamed, targetSecret } from '../store/targets.ts';
import { verdictOn, verdictsIf } from '../store/verdict.ts';
import { entry, key, source } from './import-comparison.ts';
import type { EntryGrounds } from './judge-entries.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { namingRules } from './naming.ts';
import { place, placeId, placeJoins } from './place.ts';
import { futureSecret, nextOfTarget } from './sealed-secrets.ts';
import { erased, newestVersion } from './secret-values.ts';

const since = param('since');
const maxSecrets = param('max_secrets');
const maxBytes = param('max_bytes');

/** True once this step has refused an entry, or the whole. Events of the first step do not count. */
const hasRefused = sql`exists ${query
  .select({ id: verdict.id })
  .from(verdict)
  .where(and(gt(verdict.id, since), eq(verdict.request_id, request.id), sql`${verdict.outcome} <> 'allowed'`))}`;

/** The condition of every effect: the newest event is this step's, and allows. */
export const isDecided = and(granted, sql`${verdictId} > ${since}`);

/** The same where what is relied on was checked before. */
const guarded = <Row>(write: () => Query<Row>, forms?: readonly Form[]) =>
  atFirstUse(() => writtenGuarded(() => compile(write())), forms);

export const step = <Row>(write: () => Query<Row>, forms?: readonly Form[]): ((form?: Form) => Statement<Row>) =>
  atFirstUse(() => compile(write()), forms);

const ofProject = (having: SQL): SQL =>
  sql`exists (select 1 from ${source} inner join ${projects} on ${projects.name} = ${entry.place} where ${entry.kind} <> 'same' group by ${projects.id} having ${having})`;
/** What comes out of the trash counts as new: among the bytes it is already. */
const isNewKey = sql`${entry.kind} in ('new', 'revived')`;
const newKeys = sql`sum(${isNewKey})`;
const newBytes = sql`sum(${entry.bytes})`;
const inNoProject = sql`not exists (select 1 from ${projects} where ${projects.name} = ${entry.place})`;
const used = (column: 'secrets' | 'trashed') =>
  sql`coalesce((select ${usage[column]} from ${usage} where ${usage.owner_id} = ${principal.id}), 0)`;
const newPersonal = sql`(select count(*) from ${source} where ${isNewKey} and ${inNoProject})`;
const trashFull = sql`max(${maxSecrets}, ${minTrashedPerAccount})`;
/** A value counts for the owner of the key, whoever stores it. */
const ownerIsFull = sql`exists (select 1 from ${source} left join ${secrets} on ${isNamed(entry.name)} where ${entry.kind} <> 'same' and ${inNoProject} group by coalesce(${secrets.owner_id}, ${principal.id}) having ${newBytes} + coalesce((select ${usage.bytes} from ${usage} where ${usage.owner_id} = coalesce(${secrets.owner_id}, ${principal.id})), 0) > ${maxBytes})`;

/** The limits on what accounts and projects store, for all entries together. */
const quota: Rule[] = [
  {
    when: ofProject(sql`${newKeys} > 0 and ${projects.secrets} + ${newKeys} > ${maxSecrets}`),
    outcome: 'denied',
    reason: 'project_keys',
  },
  { when: ofProject(sql`${projects.bytes} + ${newBytes} > ${maxBytes}`), outcome: 'denied', reason: 'project_bytes' },
  {
    when: ofProject(sql`${newKeys} > 0 and ${projects.trashed} >= ${trashFull}`),
    outcome: 'denied',
    reason: 'project_trashed',
  },
  {
    when: sql`${newPersonal} > 0 and ${used('secrets')} + ${newPersonal} > ${maxSecrets}`,
    outcome: 'denied',
    reason: 'too_many_keys',
  },
  { when: ownerIsFull, outcome: 'denied', reason: 'too_many_bytes' },
  {
    when: sql`${newPersonal} > 0 and ${used('trashed')} >= ${trashFull}`,
    outcome: 'denied',
    reason: 'too_many_trashed',
  },
];

export const ready = likenessesAreFilled;
const isKind = (kind: string) => sql`not ${hasRefused} and ${entry.kind} = ${kind}`;
export const named = (action: 'secret.read' | 'secret.update' | 'secret.delete') =>
  secretNamed(action, { name: entry.name, padded: sql`null` });

/** A secret as it will be, but for the binding of its value, which only the worker knows: see import-seals.ts. */
const futureEntry = (id: SQLWrapper, owner: SQLWrapper, project: SQLWrapper, version: SQL) =>
  sql`json_array(${futureSecret({ id, name: entry.name, owner, project, version, binding: sql`null` })})`;

export const ownerOfNew = sql`iif(${place.id} is null, ${principal.id}, null)`;
export { futureEntry };

export const added = {
  action: 'secret.create' as const,
  target: { name: entry.name, joins: placeJoins(entry) },
  rules: namingRules(entry),
  touched: futureEntry(entry.number, ownerOfNew, place.id, sql`1`),
  ready,
};
export const changed = {
  action: 'secret.update' as const,
  target: named('secret.update'),
  touched: futureEntry(targetSecret.id, targetSecret.owner_id, targetSecret.project_id, nextOfTarget),
  ready,
};
/** What is the same must still be the version that it was compared with. */
export const unchanged = {
  action: 'secret.read' as const,
  target: named('secret.read'),
  rules: [
    {
      when: sql`${targetSecret.current_version} <> ${entry.version}`,
      outcome: 'conflict' as const,
      reason: 'changed_meanwhile',
    },
  ],
  ready,
};

/** On what accounts and projects store. */
const withinQuota = guarded(() => verdictOn({ action: 'secret.create', rules: quota, ready }, true), formsWithKey);

type EntryIntent = Parameters<typeof verdictsIf>[1];
const decision = (kind: string, intent: EntryIntent, refusalsOnly: boolean) =>
  verdictsIf(isKind(kind), intent, source, key, refusalsOnly);

/** First everything that refuses; if nothing has, an event for each entry that is stored. Those of the last kind store nothing. */
export const decisionsOn = (kinds: readonly (readonly [kind: string, intent: EntryIntent])[]) => [
  withinQuota,
  ...kinds.map(([kind, intent]) => guarded(() => decision(kind, intent, true))),
  ...kinds.slice(0, -1).map(([kind, intent]) => guarded(() => decision(kind, intent, false))),
];

/** What reads the sealed rows that these decisions rely on, and what is decided by them. */
export interface EntrySurvey {
  survey: (form?: Form) => Statement<{ sealed: string }>;
  grounds: EntryGrounds;
}

export const surveysOf = (
  kinds: readonly (readonly [kind: EntryGrounds['kind'], intent: EntryIntent])[],
): EntrySurvey[] => [
  surveyOfAll,
  ...kinds.map(([kind, intent]) => {
    const { joins = [], found } = intent.target;
    const slots = slotsIn(joins.map(({ table }) => table));
    return {
      survey: step(() => reliedOf(decision(kind, intent, true)).survey()),
      grounds: { kind, action: intent.action, isByName: false, slots, needsTarget: found !== undefined },
    };
  }),
];

const onAll = () => verdictOn({ action: 'secret.create', rules: quota, ready }, true);
const surveyOfAll: EntrySurvey = {
  survey: step(() => reliedOf(onAll()).survey()),
  grounds: { kind: 'all', action: 'secret.create', isByName: false, slots: [], needsTarget: false },
};
/** What is recorded where a seal does not hold. */
export const brokenImport = step(() => reliedOf(onAll()).broken());

const kinds = [
  ['new', added],
  ['changed', changed],
  ['same', unchanged],
] as const;
export const decisions = decisionsOn(kinds);
export const surveys = surveysOf(kinds);

/** Stores the seals, after all parts. */
export const storeEntrySeals = step(() => storeSeals(['secrets'], sql`${isDecided}`)[0] as Query);

/**
 * Keeps `result` for when the import is sent again with its Idempotency-Key. It stores something (`stores`), or it has found everything as
 * it should be.
 */
export const keeping = [0, 1, 2, 3].map((index) =>
  step(
    () =>
      keepGiven(
        sql`${param('result')}`,
        and(ready, sql`not ${hasRefused}`, sql`(not ${param('stores')} or ${isDecided})`),
      )[index] as Query,
    formsWithKey,
  ),
);

/**
 * A JSON list of `[name, kind, description or null, token, binding, likeness, place, number, imprint, seal of the version]`: a part of the
 * entries. The number is that of `entry`.
 */
export const part = sql`json_each(${param('part')})`;
export const value = (index: number) => sql`json_each.value ->> ${sql.raw(String(index))}`;
const partNew = sql`${value(1)} = 'new'`;
const partChanged = sql`${value(1)} in ('changed', 'revived')`;

const insertSecrets = step(() =>
  query.insert(secrets).select(
    query
      .select(
        rowFor(secrets, {
          id: value(7),
          name: value(0),
          description: sql`coalesce(${value(2)}, '')`,
          owner_id: sql`iif(${placeId({ place: value(6) })} is null, ${actorId}, null)`,
          project_id: placeId({ place: value(6) }),
          created_by: actorName,
          created_at: request.now,
          updated_at: request.now,
          current_version: sql`1`,
          likeness: value(5),
          revision: sql`1`,
          value_changed_at: request.now,
          value_imprint: value(8),
        }),
      )
      .from(part)
      .where(and(partNew, isDecided))
      .orderBy(key),
  ),
);

const appendVersions = step(() =>
  query.insert(secretVersions).select(
    query
      .select(
        rowFor(secretVersions, {
          secret_id: secrets.id,
          number: sql`iif(${partNew}, 1, ${newestVersion} + 1)`,
          token: value(3),
          binding: value(4),
          key_id: request.key_id,
          created_at: request.now,
          created_by: actorName,
          seal: value(9),
        }),
      )
      .from(part)
      .crossJoin(secrets)
      .where(and(isNamed(value(0)), isNotNull(value(3)), isDecided))
      .orderBy(key),
  ),
);

/** Drizzle has no UPDATE ... FROM for SQLite. */
const updateSecrets = step(
  () =>
    sql`update ${secrets} set description = coalesce(${value(2)}, ${secrets.description}), updated_at = ${request.now}, revision = ${secrets.revision} + 1, value_changed_at = ${request.now}, current_version = ${newestVersion}, value_imprint = ${value(8)} from ${part} where ${and(isNamed(value(0)), partChanged, isDecided)}` as SQL<never> as unknown as Query<never>,
);

const older = alias(secretVersions, 'older');
const newestOf = sql`(select max(newest.number) from secret_versions newest where newest.secret_id = ${older.secret_id})`;

/** The versions of the changed secrets beyond the newest `count`. */
const beyond = (count: SQL | number, condition?: SQL) =>
  query
    .select({ secret_id: older.secret_id, number: older.number })
    .from(part)
    .crossJoin(secrets)
    .crossJoin(older)
    .where(
      and(
        isNamed(value(0)),
        partChanged,
        eq(older.secret_id, secrets.id),
        lte(older.number, sql`${newestOf} - ${count}`),
        condition,
        isDecided,
      ),
    )
    .orderBy(asc(older.secret_id), asc(older.number))
    .limit(2 * maxDroppedVersions);
const isBeyond = (found: ReturnType<typeof beyond>) =>
  sql`(${secretVersions.secret_id}, ${secretVersions.number}) in ${found}`;

const eraseOld = step(() =>
  query
    .update(secretVersions)
    .set(erased)
    .where(and(isBeyond(beyond(param('keep_versions'), isNotNull(older.token))), isDecided)),
);

const dropOld = step(() => query.delete(secretVersions).where(and(isBeyond(beyond(maxVersionsPerSecret)), isDecided)));

/** What is done with each part of the entries. */
export const effects = [insertSecrets, appendVersions, updateSecrets, eraseOld, dropOld];
