/** Reading a secret: the managed item. A value is opened after the transaction that reads it. */
import { and, eq } from 'drizzle-orm';
import { foundSecretId, granted } from '../store/granted.ts';
import { secrets, secretVersions } from '../store/schema.ts';
import { sealedAnswer } from '../store/sealed.ts';
import { query, textColumn } from '../store/statement.ts';
import { secretNamed } from '../store/targets.ts';
import { operation } from './operation.ts';
import { opened, type SecretName } from './secret-values.ts';

const { name, description, created_at, updated_at, revision } = secrets;
const { expires_at, rotate_every_days, value_changed_at, labels } = secrets;
const { number, token, binding, key_id } = secretVersions;

/** What is read of a secret. */
export const readColumns = {
  ...{ name, description, created_at, updated_at, revision },
  ...{ expires_at, rotate_every_days, value_changed_at, labels },
  ...{ number, token, binding, key_id },
};

export const readSecret = operation({
  action: 'secret.read',
  params: ['name', 'padded'],
  sql: (given) => ({
    target: secretNamed('secret.read', given),
    isAnswerSealed: true,
    isAnsweredAtOnce: true,
    answer: query
      .select({ ...readColumns, sealed: textColumn('sealed', sealedAnswer()) })
      .from(secrets)
      .innerJoin(
        secretVersions,
        and(eq(secretVersions.secret_id, secrets.id), eq(secretVersions.number, secrets.current_version)),
      )
      .where(and(eq(secrets.id, foundSecretId), granted)),
  }),
  values: ({ name, padded }: SecretName) => ({ name, padded }),
  // A value opens only under a name that was asked for.
  result: ([sealed], { name, padded }, context, principal) =>
    opened(context, sealed?.name === padded ? padded : name, sealed, principal),
});
