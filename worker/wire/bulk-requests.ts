/** What requests about many keys at once may contain. */
import * as v from 'valibot';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import { maxEntriesPerImport, maxNameBytes, maxSecretsPerRead } from '../../core/limits.ts';
import { trimmed } from '../../core/text.ts';
import type { ImportEntry } from '../operations/import-states.ts';
import { existingKeyName, keyDescription, keyValue, newKeyName, object, plainName, shownAs, text } from './requests.ts';

/** Asks for the first thing that is wrong in a list by its place, counted from 1. */
const listOf = <Item extends v.GenericSchema>(field: string, item: Item) =>
  v.pipe(v.array(v.unknown(), `${field} must be a list.`), shownAs({ items: item, minItems: 1 }), v.array(item));

const names = v.pipe(
  listOf('names', v.pipe(v.string('Each of names must be a string.'))),
  v.transform((given) => [...new Set(given)]),
  v.check((given) => given.length > 0, 'names must not be empty.'),
  v.check(
    (given) => given.length <= maxSecretsPerRead,
    ({ input }) => `names has ${input.length} entries, and one request reads at most ${maxSecretsPerRead}.`,
  ),
  // Most names are plain, which one pattern sees in a fraction of the time that their schema takes.
  v.rawTransform(({ dataset: { value: given }, addIssue, NEVER }) => {
    const asked: { sent: string; name: string; padded: string | null }[] = [];
    for (const sent of given) {
      const plain = plainName(sent);
      const read = plain ? null : v.safeParse(existingKeyName, sent, { abortEarly: true });
      if (read && !read.success) {
        addIssue({ message: read.issues[0].message });
        return NEVER;
      }
      asked.push({ sent, ...(plain ?? (read?.output as NonNullable<typeof plain>)) });
    }
    return asked;
  }),
);

const prefix = v.pipe(
  text('prefix'),
  v.check((given) => given.endsWith('/'), 'prefix must end with "/".'),
  shownAs({ pattern: '/$' }),
  v.check((given) => hasAtMostBytes(given, maxNameBytes), `prefix must be at most ${maxNameBytes} bytes long.`),
  v.check((given) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(given), 'prefix must not contain control characters.'),
);

export const valuesQuery = v.pipe(
  object({ names: v.optional(names), prefix: v.optional(prefix) }),
  shownAs({ oneOf: [{ required: ['names'] }, { required: ['prefix'] }] }),
  v.check((given) => (given.names === undefined) !== (given.prefix === undefined), 'Send either names or prefix.'),
  v.transform(({ names: asked, prefix: begin = '' }) => (asked === undefined ? { prefix: begin } : { names: asked })),
);

const importPrefix = v.pipe(
  text('prefix'),
  v.check((given) => given === '' || given.endsWith('/'), 'prefix must be empty or end with "/".'),
  shownAs({ pattern: '^$|/$' }),
);

const importEntry = v.object({
  key_name: v.string('key_name must be a string.'),
  api_key: keyValue,
  description: v.optional(v.nullable(keyDescription), null),
});

/** A list of entries, each with what is wrong with it: one that cannot be imported does not hide the others. */
const entriesOf = (prefix: string, given: readonly unknown[]): ImportEntry[] => {
  const seen = new Set<string>();
  return given.map((entry): ImportEntry => {
    const sent = sentName(entry);
    const parsed = v.safeParse(importEntry, entry, { abortEarly: true });
    if (!parsed.success) return { sent, problem: problemOf(parsed.issues[0]) };
    const name = trimmed(parsed.output.key_name);
    const named = v.safeParse(newKeyName, prefix + name, { abortEarly: true });
    if (name === '') return { sent, problem: 'key_name must not be empty.' };
    if (!named.success) return { sent, problem: named.issues[0].message };
    const likeness = keyLikeness(named.output);
    if (seen.has(likeness)) return { sent, problem: 'Another entry has this name, or one that looks like it.' };
    seen.add(likeness);
    const { api_key: value, description } = parsed.output;
    return { sent, problem: null, name: named.output, value, description: description === '' ? null : description };
  });
};

const sentName = (entry: unknown): string => {
  const { key_name } = ((typeof entry === 'object' ? entry : null) as { key_name?: unknown } | null) ?? {};
  return typeof key_name === 'string' ? key_name.toWellFormed().slice(0, 2 * maxNameBytes) : '';
};

const problemOf = ({ path, message, received }: v.BaseIssue<unknown>): string => {
  if (!path) return 'An entry must be an object with key_name and api_key.';
  return received === 'undefined' ? `${path[0]?.key} is missing.` : message;
};

export const keyImport = v.pipe(
  object({
    prefix: v.optional(importPrefix, ''),
    entries: v.pipe(
      v.array(v.unknown(), 'entries must be a list.'),
      shownAs({ items: importEntry, minItems: 1, maxItems: maxEntriesPerImport }),
      v.check((given) => given.length > 0, 'entries must not be empty.'),
      v.check(
        (given) => given.length <= maxEntriesPerImport,
        ({ input }) => `entries has ${input.length} entries, and one request imports at most ${maxEntriesPerImport}.`,
      ),
    ),
    on_conflict: v.optional(
      v.picklist(['fail', 'skip', 'update'], 'on_conflict must be "fail", "skip" or "update".'),
      'fail',
    ),
    dry_run: v.optional(v.boolean('dry_run must be true or false.'), false),
  }),
  v.transform(({ prefix: begin, entries, ...rest }) => ({ ...rest, entries: entriesOf(begin, entries) })),
);
