/**
 * Reading the values at a path: of the secret, or of all that are directly in the folder, with an event for each. Of what is in the trash
 * it says when it got there, and of an erased version that it was erased.
 */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { SealedValueError } from '../../core/crypto/keyring.ts';
import { maxReadBytes } from '../../core/limits.ts';
import { granted, verdict } from '../store/granted.ts';
import { plan } from '../store/plan.ts';
import { instance, secrets, secretVersions } from '../store/schema.ts';
import { sealedAnswer } from '../store/sealed.ts';
import { integer, type Param, query, textColumn } from '../store/statement.ts';
import { inUse, targetSecret } from '../store/targets.ts';
import { verdictOn } from '../store/verdict.ts';
import { chargeEvents } from './admission.ts';
import { commitOpen, type Operation, type Outcome } from './operation.ts';
import { type Described, entryAt, entryOf } from './path-entries.ts';
import { isEvent, pathRules, pathTarget } from './path-target.ts';
import { askerOf, found, foundAt, isState, type PathQuery, secretAt, trashOf } from './paths.ts';
import { noName, openedAll } from './secret-values.ts';
import { readSecret } from './secrets.ts';
import { trashFrom } from './trash.ts';
import type { Context } from './vault.ts';

const action = 'secret.read';
const { token, binding, key_id, number, created_at, destroyed_at } = secretVersions;

/** The version that is asked for of a secret; 0 is the one that is served. */
const isVersion = (secret: { current_version: SQL | typeof secrets.current_version }, version: Param) =>
  sql`${number} = iif(${version} = 0, ${secret.current_version}, ${version})`;

const targetVersion = (condition: SQL, version: Param) =>
  sql`exists (select 1 from ${secretVersions} where ${eq(secretVersions.secret_id, targetSecret.id)} and ${number} = ${version} and ${condition})`;

const columns = (path: Param) => ({
  event_id: integer('event_id', verdict.id),
  name: secrets.name,
  description: secrets.description,
  labels: secrets.labels,
  deleted_at: secrets.deleted_at,
  entry: textColumn('entry', entryAt(path)),
  sealed: textColumn('sealed', sealedAnswer(false)),
  ...{ number, created_at, destroyed_at, token, binding, key_id },
});

const readPlan = plan(['path', 'version', 'trash_from'], ({ path, version, trash_from }) => {
  const asked: PathQuery = { path, trashFrom: trash_from, isNoFolder: sql`(${version} > 0)` };
  const events = query.with(askerOf(action, path)).select(columns(path)).from(instance).crossJoin(verdict);
  const isRead = sql`+${verdict.outcome} = 'allowed'`;
  const bytes = query
    .select({ bytes: sql`coalesce(sum(length(${token})), 0)`.as('bytes') })
    .from(verdict)
    .innerJoin(secrets, and(eq(secrets.name, verdict.target), inUse))
    .innerJoin(secretVersions, and(eq(secretVersions.secret_id, secrets.id), isVersion(secrets, version)))
    .where(and(isEvent, isRead));
  return {
    verdict: verdictOn({
      action,
      target: pathTarget(foundAt(action, asked)),
      rules: [
        { when: isState('folder'), outcome: 'invalid', reason: 'version_of_folder' },
        ...pathRules(action),
        { when: isState('trash'), outcome: 'not_found', reason: 'in_trash' },
        {
          when: sql`${version} > 0 and not ${targetVersion(sql`1`, version)}`,
          outcome: 'not_found',
          reason: 'no_version',
        },
        {
          when: sql`${version} > 0 and ${targetVersion(sql`${destroyed_at} is not null`, version)}`,
          outcome: 'not_found',
          reason: 'erased_version',
        },
      ],
      detail: sql`iif(${version} > 0, 'version ' || cast(${version} as integer), null)`,
      order: found.name,
    }),
    tells: true,
    isAnswerSealed: true,
    // The second part tells what is gone. That says less than an allowed event, and depends on the reason of this request's own.
    answer: events
      .innerJoin(secrets, and(eq(secrets.name, verdict.target), inUse))
      .innerJoin(secretVersions, and(eq(secretVersions.secret_id, secrets.id), isVersion(secrets, version)))
      .where(and(isEvent, isRead, granted, sql`${bytes} <= ${maxReadBytes}`))
      .unionAll(
        query
          .select(columns(path))
          .from(instance)
          .crossJoin(verdict)
          .innerJoin(secrets, sql`${secrets.id} = coalesce(${secretAt(path)}, ${trashOf(path, trash_from)})`)
          .innerJoin(secretVersions, and(eq(secretVersions.secret_id, secrets.id), isVersion(secrets, version)))
          .where(
            and(
              isEvent,
              sql`+${verdict.outcome} = 'not_found'`,
              sql`${verdict.reason} in ('in_trash', 'erased_version')`,
            ),
          ),
      ),
  };
});

interface VersionAt {
  number: number;
  created_at: number;
  deleted_at: number | null;
  isErased: boolean;
}

export type PathValues =
  | ({ kind: 'secret'; value: string } & VersionAt & Described)
  | ({ kind: 'gone'; described: Described | null } & VersionAt)
  | { kind: 'folder'; children: ({ name: string; value: string } & VersionAt)[]; entry: Described | null };

export interface PathRead {
  path: string;
  /** 0 for the one that is served. */
  version: number;
}

type Row = Exclude<Awaited<ReturnType<typeof commitRead>>['told'], undefined>[number];

const commitRead = async (context: Context, { path, version }: PathRead) => {
  const committed = await commitOpen(context, readPlan, { path, version, trash_from: trashFrom(context) });
  const rows = committed.outcome === 'allowed' ? committed.rows : [];
  return { committed, told: (committed.outcome === 'allowed' ? undefined : committed.told) as typeof rows | undefined };
};

const versionOf = ({ number, created_at, deleted_at, destroyed_at }: Row): VersionAt => ({
  ...{ number, created_at, deleted_at },
  isErased: destroyed_at !== null,
});

export const readPath: Operation<PathRead, PathValues> = {
  action,
  recordInvalid: readSecret.recordInvalid,
  async perform(context, asked): Promise<Outcome<PathValues>> {
    const { committed, told } = await commitRead(context, asked);
    chargeEvents(context, action, committed);
    if (committed.outcome !== 'allowed') {
      const [gone] = told ?? [];
      if (!gone) return { ...committed, action };
      const described = gone.name === asked.path ? gone : entryOf(gone.entry);
      return { outcome: 'allowed', result: { kind: 'gone', ...versionOf(gone), described } };
    }
    const { rows, principal, events } = committed;
    const [first] = rows;
    // All of them, or none.
    if (!first && events > 1) return { outcome: 'invalid', action, reason: 'too_large_folder' };
    // A view in the place of the table may show another version of the secret, whose seal holds.
    const isOther = asked.version > 0 && rows.some(({ number }) => number !== asked.version);
    if (!first || isOther || rows.length < events) throw new SealedValueError('token_invalid');
    const isAskedFor = ({ name }: Row) => name === asked.path || name.startsWith(`${asked.path}/`);
    const named = rows.map((row) => (isAskedFor(row) ? row : { ...row, name: noName }));
    const values = await openedAll(context, named, principal);
    const { description, labels, entry } = first;
    if (first.name === asked.path) {
      const [value = ''] = values;
      return { outcome: 'allowed', result: { kind: 'secret', value, ...versionOf(first), description, labels } };
    }
    const children = rows.map((row, index) => ({ name: row.name, value: values[index] ?? '', ...versionOf(row) }));
    return { outcome: 'allowed', result: { kind: 'folder', children, entry: entryOf(entry) } };
  },
};
