/** What a request may contain that adds or changes a key, or is about its versions or the trash. */
import * as v from 'valibot';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import {
  maxLabelBytes,
  maxLabelsPerSecret,
  maxRotationDays,
  maxTrashedPerList,
  maxVersionsPerSecret,
} from '../../core/limits.ts';
import { invisibleIn, trimmed } from '../../core/text.ts';
import type { SecretFields } from '../operations/secret-fields.ts';
import type { TrashPosition } from '../operations/trash.ts';
import {
  existingKeyName,
  id,
  keyDescription,
  keyQuery,
  keyValue,
  newKeyName,
  object,
  shownAs,
  text,
  wholeNumber,
} from './requests.ts';

const notATime =
  'expires_at must be a time in ISO 8601 from 1970 on, such as "2027-01-31" or "2027-01-31T12:00:00Z", or null. A time of day needs its zone.';

const isoPattern = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/** ISO 8601 with a zone, or a day in UTC; null if it is none. JavaScript takes February 31 for a day of March. */
const timeOf = (given: string): number | null => {
  const day = isoPattern.exec(given)?.[1];
  if (day === undefined) return null;
  const start = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(start.getTime()) || !start.toISOString().startsWith(day)) return null;
  const ms = Date.parse(given.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return ms >= 0 && ms <= lastMs ? ms : null;
};
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

export const expiry = v.pipe(
  v.nullable(v.string(notATime)),
  shownAs({
    description: 'ISO 8601 with a zone, or a day in UTC. null means never.',
    examples: ['2027-01-31', '2027-01-31T12:00:00Z'],
  }),
  v.transform((given) => (given === null ? null : (timeOf(given) ?? Number.NaN))),
  v.check((ms) => ms === null || !Number.isNaN(ms), notATime),
);

const notDays = `rotate_every_days must be a whole number of days from 1 to ${maxRotationDays}, or null.`;
const rotation = v.nullable(
  v.pipe(v.number(notDays), v.integer(notDays), v.minValue(1, notDays), v.maxValue(maxRotationDays, notDays)),
);

/** What is wrong with labels, or null. */
export const labelsProblem = (labels: [string, unknown][]): string | null => {
  if (labels.length > maxLabelsPerSecret) return `A key can have at most ${maxLabelsPerSecret} labels.`;
  for (const [name, value] of labels) {
    if (typeof value !== 'string') return 'The values of labels must be strings.';
    if (name === '') return 'The name of a label must not be empty.';
    if (name.includes(':')) return 'The name of a label must not contain ":".';
    for (const part of [name, value]) {
      if (!part.isWellFormed()) return 'labels is not valid Unicode: it contains a lone surrogate.';
      if (!hasAtMostBytes(part, maxLabelBytes)) {
        return `The names and values of labels must be at most ${maxLabelBytes} bytes long.`;
      }
      if (trimmed(part) !== part) return 'The names and values of labels must have no white space around them.';
      const invisible = invisibleIn(part);
      if (invisible !== null) return `labels must not contain invisible or control characters. Remove ${invisible}.`;
    }
  }
  return null;
};

const isPlainObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given);

/** Not `v.record`, which drops names such as `__proto__`. */
const labels = v.nullable(
  v.pipe(
    v.custom<Record<string, string>>(isPlainObject, 'labels must be an object of strings, such as {"env":"prod"}.'),
    shownAs({ type: 'object', maxProperties: maxLabelsPerSecret, additionalProperties: { type: 'string' } }),
    v.check(
      (given) => labelsProblem(Object.entries(given)) === null,
      ({ input }) => labelsProblem(Object.entries(input)) ?? '',
    ),
    v.transform((given) => (Object.keys(given).length === 0 ? null : given)),
  ),
);

const fieldEntries = {
  expires_at: v.optional(expiry),
  rotate_every_days: v.optional(rotation),
  labels: v.optional(labels),
};

const fieldsOf = (given: Partial<Record<keyof SecretFields, unknown>>): SecretFields =>
  Object.fromEntries(
    (['expires_at', 'rotate_every_days', 'labels'] as const)
      .filter((name) => given[name] !== undefined)
      .map((name) => [name, given[name]]),
  );

export const newKey = v.pipe(
  object({
    key_name: newKeyName,
    api_key: keyValue,
    description: v.optional(v.nullable(keyDescription), null),
    ...fieldEntries,
  }),
  v.transform(({ key_name, api_key, description, ...given }) => ({
    name: key_name,
    value: api_key,
    description: description ?? '',
    fields: fieldsOf(given),
  })),
);

/** A name that a key may already have: only if it is a new one do the rules for new names apply. */
const asNewName = (given: string) => {
  const { success, output, issues } = v.safeParse(newKeyName, given, { abortEarly: true });
  return { given, name: success ? output : trimmed(given), problem: issues?.[0].message ?? null };
};

export const keyChange = v.pipe(
  object({
    // A page of v0.6 repeats the name with every change.
    key_name: v.optional(v.nullable(text('key_name')), null),
    api_key: v.optional(keyValue),
    description: v.optional(keyDescription),
    owner: v.optional(v.pipe(text('owner'), v.transform(trimmed))),
    ...fieldEntries,
  }),
  v.check(
    ({ key_name, ...fields }) => key_name !== null || Object.values(fields).some((field) => field !== undefined),
    'Send api_key, description, key_name, expires_at, rotate_every_days, labels or owner.',
  ),
  v.transform(({ key_name, api_key, description, owner, ...given }) => ({
    named: key_name === null ? null : asNewName(key_name),
    value: api_key ?? null,
    description: description ?? null,
    owner: owner ?? null,
    fields: fieldsOf(given),
  })),
);

const notMatch = 'If-Match must be the ETag of an answer, such as "3", several of them with commas between, or *.';

/**
 * RFC 9110, section 13.1.1. A weak ETag counts like a strong one: proxies that compress an answer make its ETag weak, and it still
 * names the revision.
 */
export const ifMatch = v.pipe(
  v.object({
    'if-match': v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^\s*(?:\*|(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*)\s*$/,
          notMatch,
        ),
      ),
    ),
  }),
  v.transform(({ 'if-match': given = '*' }) => ({
    revisions:
      given.trim() === '*'
        ? null
        : [...given.matchAll(/"([^"]*)"/g)].flatMap(([, tag = '']) => (/^\d{1,15}$/.test(tag) ? [Number(tag)] : [])),
  })),
);

const anyNumber = Number.MAX_SAFE_INTEGER;

const versionQuery = v.object({ version: v.optional(wholeNumber('version', 1, anyNumber)) });
const versionOrNull = ({ version }: v.InferOutput<typeof versionQuery>) => ({ version: version ?? null });

/** The parameters of a key in the query, and others beside it. */
const withKey = <Other extends v.GenericSchema<unknown, object>>(other: Other) => v.intersect([keyQuery, other]);

export const readQuery = v.pipe(versionQuery, v.transform(versionOrNull));
export const keyReadQuery = withKey(readQuery);

const versionPage = v.pipe(
  v.object({
    after: v.optional(wholeNumber('after', 1, anyNumber), String(anyNumber)),
    limit: v.optional(wholeNumber('limit', 1, maxVersionsPerSecret), String(maxVersionsPerSecret)),
  }),
  v.transform(({ after, limit }) => ({ before: after, limit })),
);
export const versionsQuery = versionPage;
export const keyVersionsQuery = withKey(versionPage);

export const versionPath = v.object({ version: id });

export const keyVersionPath = v.pipe(
  v.object({ name: existingKeyName, version: id }),
  v.transform(({ name, version }) => ({ ...name, version })),
);

const notAVersion = 'version must be the number of a version, such as 3.';
export const versionRestore = object({
  version: v.pipe(v.number(notAVersion), v.safeInteger(notAVersion), v.minValue(1, notAVersion)),
});

export const trashPath = v.object({ id });

const notNext = 'after must be the "next" of an answer.';
const position = v.pipe(
  v.string(),
  v.regex(/^\d{1,16}-\d{1,16}$/, notNext),
  v.transform((given): TrashPosition => {
    const [at = 0, last = 0] = given.split('-').map(Number);
    return { at, id: last };
  }),
);

export const trashQuery = v.object({
  after: v.optional(v.nullable(position), null),
  limit: v.optional(wholeNumber('limit', 1, maxTrashedPerList), String(maxTrashedPerList)),
});

const newName = v.optional(v.nullable(newKeyName), null);
export const trashRestore = v.pipe(
  v.custom<object>(isPlainObject, 'The body must be a JSON object, or left out.'),
  shownAs({ type: 'object', properties: { key_name: newName } }),
  object({ key_name: newName }),
  v.transform(({ key_name }) => ({ newName: key_name })),
);
