/** What requests about many keys at once may contain. */
import * as v from 'valibot';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import { maxNameBytes, maxSecretsPerRead } from '../../core/limits.ts';
import { existingKeyName, object, text } from './requests.ts';

/** Asks for the first thing that is wrong in a list by its place, counted from 1. */
const listOf = <Item extends v.GenericSchema>(field: string, item: Item) =>
  v.pipe(v.array(v.unknown(), `${field} must be a list.`), v.array(item));

const names = v.pipe(
  listOf('names', v.pipe(v.string('Each of names must be a string.'))),
  v.transform((given) => [...new Set(given)]),
  v.check((given) => given.length > 0, 'names must not be empty.'),
  v.check(
    (given) => given.length <= maxSecretsPerRead,
    ({ input }) => `names has ${input.length} entries, and one request reads at most ${maxSecretsPerRead}.`,
  ),
  v.array(
    v.pipe(
      v.string(),
      v.transform((sent) => ({ sent, name: sent })),
      v.object({ sent: v.string(), name: existingKeyName }),
      v.transform(({ sent, name }) => ({ sent, ...name })),
    ),
  ),
);

const prefix = v.pipe(
  text('prefix'),
  v.check((given) => given.endsWith('/'), 'prefix must end with "/".'),
  v.check((given) => hasAtMostBytes(given, maxNameBytes), `prefix must be at most ${maxNameBytes} bytes long.`),
  v.check((given) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(given), 'prefix must not contain control characters.'),
);

export const valuesQuery = v.pipe(
  object({ names: v.optional(names), prefix: v.optional(prefix) }),
  v.check((given) => (given.names === undefined) !== (given.prefix === undefined), 'Send either names or prefix.'),
  v.transform(({ names: asked, prefix: begin = '' }) => (asked === undefined ? { prefix: begin } : { names: asked })),
);
