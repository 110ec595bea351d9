/** The versions of a secret: listing and reading them, making an old one the newest, and erasing one for good. */
import { and, desc, eq, exists, isNotNull, isNull, lt, not, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { actorName, granted } from '../store/granted.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { secrets, secretVersions } from '../store/schema.ts';
import { sealedAnswer } from '../store/sealed.ts';
import { insertFrom, integer, type Param, type Params, query, textColumn } from '../store/statement.ts';
import { isNamed, nameMeant, secretNamed, targetSecret } from '../store/targets.ts';
import { type Operation, operation, type ResultOf } from './operation.ts';
import { copiedValueQuota } from './quota.ts';
import { revisionRule, revisionsText } from './revision.ts';
import { bindingOfTarget, changedTarget, nextOfTarget, versionOfTarget } from './sealed-secrets.ts';
import {
  dropOldVersions,
  erased,
  eraseOldVersions,
  idNamed,
  newestVersion,
  opened,
  overwritten,
  type SecretName,
} from './secret-values.ts';
import { readColumns, readSecret } from './secrets.ts';

interface NumberedVersion extends SecretName {
  version: number;
}

/** What changes a secret by one of its versions. */
export interface VersionChange extends NumberedVersion {
  /** The revisions of which the secret must have one; null for any. */
  revisions: readonly number[] | null;
}

const { number, created_at, created_by, destroyed_at } = secretVersions;

const ofSecret = eq(secretVersions.secret_id, secrets.id);

/** Lists versions, the newest first, from the one before `before`. */
export const listVersions = operation({
  action: 'version.list',
  params: ['name', 'padded', 'before', 'most'],
  sql: (given) => ({
    target: secretNamed('version.list', given),
    answer: query
      .select({
        number,
        created_at,
        created_by,
        is_current: integer('is_current', eq(number, secrets.current_version)),
        is_erased: integer('is_erased', isNotNull(destroyed_at)),
      })
      .from(secrets)
      .innerJoin(secretVersions, ofSecret)
      .where(and(isNamed(nameMeant(given)), lt(number, given.before), granted))
      .orderBy(desc(number))
      .limit(given.most.placeholder),
  }),
  values: ({ name, padded, before, limit }: SecretName & { before: number; limit: number }) => ({
    name,
    padded,
    before,
    most: limit + 1,
  }),
  result: (rows, { limit }) => ({
    versions: rows.slice(0, limit),
    next: rows.length > limit ? (rows[limit - 1]?.number ?? null) : null,
  }),
});

const wanted = alias(secretVersions, 'wanted');

/** The version of the target that is asked for, if it is there and has a value. */
const wantedVersion = (version: Param) =>
  query
    .select({ number: wanted.number })
    .from(wanted)
    .where(and(eq(wanted.secret_id, targetSecret.id), eq(wanted.number, version), isNotNull(wanted.token)));

const isMissing = (version: SQLWrapper): Rule => ({
  when: not(exists(version)),
  outcome: 'not_found',
  reason: 'no_version',
});

/** Which version it was about, for the log. */
const versionText = (version: Param) => sql`'version ' || cast(${version} as integer)`;

/** The log has it as a read of the secret, with the number of the version. */
const readVersion = operation({
  action: 'secret.read',
  params: ['name', 'padded', 'version'],
  sql: (given) => ({
    target: secretNamed('secret.read', given),
    rules: [isMissing(wantedVersion(given.version))],
    detail: versionText(given.version),
    isAnswerSealed: true,
    answer: query
      .select({ ...readColumns, sealed: textColumn('sealed', sealedAnswer(false)) })
      .from(secrets)
      .innerJoin(secretVersions, and(ofSecret, eq(number, given.version)))
      .where(and(isNamed(nameMeant(given)), granted)),
  }),
  values: ({ name, padded, version }: NumberedVersion) => ({ name, padded, version }),
  // A view in the place of the table may show another version of the secret, whose seal holds.
  result: ([sealed], { name, padded, version }, context, principal) =>
    opened(
      context,
      sealed?.name === padded ? padded : name,
      sealed?.number === version ? sealed : undefined,
      principal,
    ),
});

/** Reads the version that is served, or one by its number. */
export const readAnyVersion: Operation<SecretName & { version: number | null }, ResultOf<typeof readSecret>> = {
  action: 'secret.read',
  recordInvalid: readSecret.recordInvalid,
  perform: (context, { version, ...named }) =>
    version === null ? readSecret.perform(context, named) : readVersion.perform(context, { ...named, version }),
};

/** Holds if the vault lacks the key of the version. As the newest version, it would make the secret one that nobody can read. */
const keyIsMissing = ({ version, known_keys }: Params<'version' | 'known_keys'>): Rule => ({
  when: exists(
    query
      .select({ number: wanted.number })
      .from(wanted)
      .where(
        and(
          eq(wanted.secret_id, targetSecret.id),
          eq(wanted.number, version),
          sql`${wanted.key_id} not in (select value from json_each(${known_keys}))`,
        ),
      ),
  ),
  outcome: 'failed',
  reason: 'unknown_key',
});

/** Appends a version that is equal to an earlier one. The sealed value is copied as it is: nothing is opened. */
export const restoreVersion = operation({
  action: 'version.restore',
  params: ['name', 'padded', 'version', 'revisions', 'known_keys', 'max_bytes', 'keep_versions'],
  takesKey: true,
  needsRoom: () => true,
  sql: (given) => ({
    target: secretNamed('version.restore', given),
    rules: [
      revisionRule(given.revisions),
      isMissing(wantedVersion(given.version)),
      keyIsMissing(given),
      ...copiedValueQuota(given),
    ],
    detail: versionText(given.version),
    reliesOn: [versionOfTarget(given.version)],
    touched: sql`json_array(${changedTarget({
      version: nextOfTarget,
      binding: bindingOfTarget(given.version),
    })})`,
    seals: ['secrets'],
    effects: [
      copyVersion(given),
      eraseOldVersions(idNamed(nameMeant(given)), given),
      dropOldVersions(idNamed(nameMeant(given))),
    ],
    answer: query
      .update(secrets)
      .set({
        current_version: sql`${newestVersion}`,
        value_changed_at: request.now,
        // Which value it is, only opening it would tell.
        value_imprint: null,
        updated_at: request.now,
        revision: sql`${secrets.revision} + 1`,
      })
      .where(and(isNamed(nameMeant(given)), granted))
      .returning({ current_version: secrets.current_version, revision: secrets.revision }),
    answerAgain: query
      .select({ current_version: secrets.current_version, revision: secrets.revision })
      .from(secrets)
      .where(and(isNamed(nameMeant(given)), granted)),
  }),
  values: ({ name, padded, version, revisions }: VersionChange, { vault: { limits, keyring } }) => ({
    name,
    padded,
    version,
    revisions: revisionsText(revisions),
    known_keys: JSON.stringify([...keyring.byId.keys()]),
    max_bytes: limits.storedBytes,
    keep_versions: limits.keptVersions,
  }),
  result: ([changed]) => ({ version: changed?.current_version ?? null, revision: changed?.revision ?? null }),
});

const copyVersion = (given: Params<'name' | 'padded' | 'version'>) =>
  insertFrom(
    secretVersions,
    {
      secret_id: secrets.id,
      number: sql`${newestVersion} + 1`,
      token: copied('token', given.version),
      binding: copied('binding', given.version),
      key_id: copied('key_id', given.version),
      created_at: request.now,
      created_by: actorName,
      seal: request.version_seal,
    },
    secrets,
    and(isNamed(nameMeant(given)), granted),
  );

const copied = (column: 'token' | 'binding' | 'key_id', version: Param) =>
  sql`${query
    .select({ [column]: wanted[column] })
    .from(wanted)
    .where(and(eq(wanted.secret_id, secrets.id), eq(wanted.number, version)))}`;

/** Erases one version for good. Its row stays, without the value. The result is the secret's new revision. */
export const destroyVersion = operation({
  action: 'version.destroy',
  params: ['name', 'padded', 'version', 'revisions'],
  sql: (given) => ({
    target: secretNamed('version.destroy', given),
    rules: [
      revisionRule(given.revisions),
      isMissing(wantedVersion(given.version)),
      { when: eq(targetSecret.current_version, given.version), outcome: 'conflict', reason: 'current_version' },
    ],
    detail: versionText(given.version),
    effects: [
      ...[overwritten, erased].map((fields) =>
        query
          .update(secretVersions)
          .set(fields)
          .where(
            and(
              eq(secretVersions.secret_id, idNamed(nameMeant(given))),
              eq(number, given.version),
              isNull(destroyed_at),
              granted,
            ),
          ),
      ),
    ],
    answer: query
      .update(secrets)
      .set({ revision: sql`${secrets.revision} + 1` })
      .where(and(isNamed(nameMeant(given)), granted))
      .returning({ revision: secrets.revision }),
  }),
  values: ({ name, padded, version, revisions }: VersionChange) => ({
    name,
    padded,
    version,
    revisions: revisionsText(revisions),
  }),
  result: ([changed]) => changed?.revision ?? null,
});
