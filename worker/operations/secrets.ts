import { type SQL, sql } from 'drizzle-orm';
import { openValue, SealedValueError, sealValue } from '../../core/crypto/keyring.ts';
import { transact } from '../store/commit.ts';
import { type SecretRow, type SecretVersionRow, secrets, secretVersions } from '../store/schema.ts';
import { statement, value } from '../store/statement.ts';
import { actorId, actorName, failure, granted, reachesAny, secretNamed } from '../store/verdict.ts';
import { operation } from './operation.ts';
import type { Context } from './vault.ts';

/** Secrets: the managed items. A value is sealed before the transaction that stores it and opened after the one that read it. */

/** The most secrets that one list answers; the rest follows from the name it ended with. */
export const secretsPerList = 10_000;

export type ListedSecret = Pick<SecretRow, 'name' | 'description' | 'created_at' | 'updated_at' | 'created_by'>;
type SealedSecret = Omit<ListedSecret, 'created_by'> & Pick<SecretVersionRow, 'token' | 'binding' | 'key_id'>;

export interface Secret extends Omit<ListedSecret, 'created_by'> {
  value: string;
}

const listed = sql`${secrets.name}, ${secrets.description}, ${secrets.created_at}, ${secrets.updated_at}, ${secrets.created_by}`;

export const listSecrets = operation({
  intent: { action: 'secret.list' },
  answer: statement<ListedSecret>(sql`
    SELECT ${listed} FROM ${secrets}
    WHERE ${granted} AND ${reachesAny('secret.list')} AND ${secrets.name} > ${value('after')}
    UNION ALL
    SELECT ${listed} FROM ${secrets}
    WHERE ${granted} AND NOT ${reachesAny('secret.list')} AND ${secrets.owner_id} = ${actorId}
      AND ${secrets.name} > ${value('after')}
    ORDER BY name LIMIT ${value('limit')}`),
  values: ({ after }: { after: string }) => ({ after, limit: secretsPerList + 1 }),
  result: (rows) => ({
    secrets: rows.slice(0, secretsPerList),
    next: rows.length > secretsPerList ? (rows[secretsPerList - 1]?.name ?? null) : null,
  }),
});

export const readSecret = operation({
  intent: { action: 'secret.read', target: secretNamed },
  answer: statement<SealedSecret>(sql`
    SELECT ${secrets.name}, ${secrets.description}, ${secrets.created_at}, ${secrets.updated_at},
      ${secretVersions.token}, ${secretVersions.binding}, ${secretVersions.key_id}
    FROM ${secrets} JOIN ${secretVersions}
      ON ${secretVersions.secret_id} = ${secrets.id} AND ${secretVersions.number} = ${secrets.current_version}
    WHERE ${secrets.name} = ${value('target')} AND ${granted}`),
  values: ({ name }: { name: string }) => ({ target: name }),
  result: ([sealed], { name }, context, principal) => opened(context, name, sealed, principal.id),
});

/** Opens what was read. What cannot be opened is told to the log, and to the caller only that it failed. */
const opened = async (
  { vault, caller }: Context,
  asked: string,
  sealed: SealedSecret | undefined,
  actor: number,
): Promise<Secret> => {
  try {
    if (!sealed) throw new SealedValueError('token_invalid');
    const { name, description, created_at, updated_at, token, binding, key_id: keyId } = sealed;
    return {
      name,
      description,
      created_at,
      updated_at,
      value: openValue(vault.keyring, asked, { token, binding, keyId }),
    };
  } catch (error) {
    if (!(error instanceof SealedValueError)) throw error;
    await transact(vault.db, [failure], { reason: error.reason, actor_id: actor, request_id: caller.requestId });
    throw error;
  }
};

const sealed = ({ vault }: Context, name: string, plaintext: string) => {
  const { token, binding, keyId } = sealValue(vault.keyring, name, plaintext);
  return { token, binding, sealed_with: keyId };
};

const appendVersion = (number: SQL) =>
  statement(sql`
    INSERT INTO ${secretVersions} (secret_id, number, token, binding, key_id, created_at, created_by)
    SELECT ${secrets.id}, ${number}, ${value('token')}, ${value('binding')}, ${value('sealed_with')}, ${value('now')},
      ${actorName}
    FROM ${secrets} WHERE ${secrets.name} = ${value('target')} AND ${value('token')} IS NOT NULL AND ${granted}`);

const newestVersion = sql`(SELECT max(number) FROM ${secretVersions} WHERE secret_id = ${secrets.id})`;

export const createSecret = operation({
  intent: {
    action: 'secret.create',
    label: sql`${value('target')}`,
    refusals: [
      {
        when: sql`EXISTS (SELECT 1 FROM ${secrets} WHERE ${secrets.name} = ${value('target')})`,
        outcome: 'conflict',
        reason: 'name_taken',
      },
    ],
  },
  effects: [
    statement(sql`
      INSERT INTO ${secrets} (name, description, owner_id, created_by, created_at, updated_at, current_version)
      SELECT ${value('target')}, ${value('description')}, ${actorId}, ${actorName}, ${value('now')}, ${value('now')}, 1
      WHERE ${granted}`),
    appendVersion(sql`1`),
  ],
  values: (input: { name: string; value: string; description: string }, context) => ({
    target: input.name,
    description: input.description,
    ...sealed(context, input.name, input.value),
  }),
});

export interface SecretChange {
  name: string;
  /** A new version's plaintext; null leaves the current version in place. */
  value: string | null;
  /** Null leaves the description as it is. */
  description: string | null;
}

export const updateSecret = operation({
  intent: { action: 'secret.update', target: secretNamed },
  effects: [
    appendVersion(sql`${newestVersion} + 1`),
    statement(sql`
      UPDATE ${secrets} SET description = coalesce(${value('description')}, description), updated_at = ${value('now')},
        current_version = CASE WHEN ${value('token')} IS NULL THEN current_version ELSE ${newestVersion} END
      WHERE name = ${value('target')} AND ${granted}`),
  ],
  values: ({ name, value: plaintext, description }: SecretChange, context) => ({
    target: name,
    description,
    ...(plaintext === null ? unsealed : sealed(context, name, plaintext)),
  }),
});

const unsealed = { token: null, binding: null, sealed_with: null };

export const deleteSecret = operation({
  intent: { action: 'secret.delete', target: secretNamed },
  effects: [statement(sql`DELETE FROM ${secrets} WHERE name = ${value('target')} AND ${granted}`)],
  values: ({ name }: { name: string }) => ({ target: name }),
});
