/**
 * What a request may contain, from the words of v0.6 to the vault's. Every message tells the caller what to change. Fields
 * that a schema does not name are ignored.
 */
import * as v from 'valibot';
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import {
  maxDescriptionBytes,
  maxFilterCharacters,
  maxNameBytes,
  maxPasswordBytes,
  maxRotationDays,
  maxSecretsPerList,
  maxValueBytes,
} from '../../core/limits.ts';
import { roles } from '../../core/policy/policy.ts';
import { invisibleIn, trimmed } from '../../core/text.ts';

export const text = (field: string) =>
  v.pipe(
    v.string(`${field} must be a string.`),
    v.check((given) => given.isWellFormed(), `${field} is not valid Unicode: it contains a lone surrogate.`),
  );

/** The API document reads `maxBytes`. */
const atMostBytes = (field: string, maxBytes: number) =>
  Object.assign(
    v.check<string, string>(
      (given) => hasAtMostBytes(given, maxBytes),
      `${field} must be at most ${maxBytes} bytes long.`,
    ),
    { maxBytes },
  );

/**
 * For the API document: keywords of JSON Schema about the input, where the checks do not tell. It comes before the first
 * transformation. Validation skips it. A keyword may have a schema of valibot as its value.
 */
export const shownAs = <Input>(keywords: Record<string, unknown>) => v.metadata<Input, typeof keywords>(keywords);

const nameShown = {
  minLength: 1,
  description: `White space around it is dropped; then it has at most ${maxNameBytes} bytes in UTF-8.`,
};

/** The name of something new: without the white space around it. */
export const newName = (field: string) =>
  v.pipe(
    text(field),
    shownAs(nameShown),
    v.transform(trimmed),
    atMostBytes(field, maxNameBytes),
    v.check((name) => name !== '', `${field} must not be empty.`),
    v.check(
      (name) => invisibleIn(name) === null,
      ({ input }) => `${field} must not contain invisible or control characters. Remove ${invisibleIn(input)}.`,
    ),
  );

const isDots = (name: string) => name === '.' || name === '..';
const noDots = 'key_name must not be "." or "..": a URL cannot contain it.';

export const newKeyName = v.pipe(
  newName('key_name'),
  v.check((name) => !isDots(name), noDots),
);

type ExistingName = { name: string; padded: string | null };

/**
 * A name of printable ASCII without blanks at its ends, as most are: no rule below forbids it, and to see that takes a small part of the
 * time. Null for other names.
 */
export const plainName = (given: string): ExistingName | null =>
  given.length <= maxNameBytes && /^[!-~](?:[ -~]*[!-~])?$/.test(given) && !isDots(given)
    ? { name: given, padded: null }
    : null;

/** The name of a key that exists. Earlier versions accepted more names, so this does not apply the rules for new ones. */
export const existingKeyName = v.pipe(
  text('key_name'),
  shownAs(nameShown),
  v.transform((given) => ({ name: trimmed(given), padded: trimmed(given) === given ? null : given })),
  v.check(({ name }) => name !== '', 'key_name must not be empty.'),
  v.check(({ name }) => hasAtMostBytes(name, maxNameBytes), `key_name must be at most ${maxNameBytes} bytes long.`),
  v.check(({ name }) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name), 'key_name must not contain control characters.'),
  v.check(({ name, padded }) => padded !== null || !isDots(name), noDots),
);

export const keyValue = v.pipe(
  text('api_key'),
  v.nonEmpty('api_key must not be empty.'),
  atMostBytes('api_key', maxValueBytes),
);

export const shortText = (field: string) => v.pipe(text(field), atMostBytes(field, maxDescriptionBytes));

export const keyDescription = shortText('description');

/** An issue of the object itself has a path if a field is missing. */
export const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, ({ path }) => (path ? `${path[0].key} is missing.` : 'The body must be a JSON object.'));

export const keyPath = v.pipe(
  v.object({ name: existingKeyName }),
  v.transform(({ name }) => name),
);

export const keyQuery = v.pipe(
  object({ key_name: existingKeyName }),
  v.transform(({ key_name }) => key_name),
);

const role = v.picklist(roles, 'role must be "user" or "admin".');
const flag = (field: string) => v.boolean(`${field} must be true or false.`);

/** A password to compare: bounded, because it is hashed. The rules for new passwords do not apply. */
const anyPassword = (field: string) => v.pipe(text(field), atMostBytes(field, maxPasswordBytes));

export const credentials = v.pipe(
  object({
    username: v.pipe(
      text('username'),
      atMostBytes('username', maxNameBytes),
      v.check((name) => trimmed(name) !== '', 'username must not be empty.'),
      v.check((name) => !/\p{Cc}/u.test(trimmed(name)), 'username must not contain control characters.'),
    ),
    password: v.pipe(anyPassword('password'), v.nonEmpty('password must not be empty.')),
  }),
  v.transform(({ username, password }) => ({ name: username, password })),
);

/** The operation applies the rules for new passwords, since it knows the user name. */
const newPassword = (field: string) => v.string(`${field} must be a string.`);

export const newUser = v.pipe(
  object({
    username: newName('username'),
    password: newPassword('password'),
    role: v.optional(role, 'user'),
    must_change_password: v.optional(flag('must_change_password'), false),
  }),
  v.transform(({ username, ...user }) => ({ name: username, ...user })),
);

export const userChange = v.pipe(
  object({
    password: v.optional(newPassword('password')),
    role: v.optional(role),
    is_active: v.optional(flag('is_active')),
    must_change_password: v.optional(flag('must_change_password')),
    // A page of v0.6 repeats the name with every change. The operation refuses another one.
    username: v.optional(v.nullable(text('username')), null),
  }),
  v.check(
    ({ username: _, ...fields }) => Object.values(fields).some((field) => field !== undefined),
    'Send password, role, is_active or must_change_password.',
  ),
  v.transform(({ username, ...fields }) => ({ repeated: username, ...fields })),
);

export const passwordChange = v.pipe(
  object({
    current_password: anyPassword('current_password'),
    new_password: newPassword('new_password'),
  }),
  v.check(
    ({ current_password, new_password }) => current_password.normalize('NFC') !== new_password.normalize('NFC'),
    'The new password must differ from the current one.',
  ),
);

const shownAsNumber = (minimum: number, maximum: number) => {
  const isLong = maximum >= 2 ** 31;
  return shownAs<string>({ type: 'integer', pattern: undefined, minimum, maximum, ...(isLong && { format: 'int64' }) });
};

/** Decimal digits only. Any other text becomes 0, which no user, key or version has, and so a 404. */
export const id = v.fallback(
  v.pipe(
    v.string(),
    v.regex(/^[1-9]\d{0,15}$/),
    shownAsNumber(1, Number.MAX_SAFE_INTEGER),
    v.transform(Number),
    v.safeInteger(),
  ),
  0,
);

export const userPath = v.object({ id });

/** '?' is no session's id, so any other text is a 404. */
const sessionId = v.fallback(v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)), '?');

export const sessionPath = v.object({ id: sessionId });

export const userSessionPath = v.object({ id, session_id: sessionId });

export const wholeNumber = (field: string, min: number, max: number) => {
  const message = `${field} must be a whole number from ${min} to ${max}.`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, message),
    shownAsNumber(min, max),
    v.transform(Number),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
};

export const userListQuery = v.object({
  after: v.optional(wholeNumber('after', 0, Number.MAX_SAFE_INTEGER), '0'),
});

export const filter = (field: string) =>
  v.optional(
    v.pipe(
      text(field),
      v.maxLength(maxFilterCharacters, `${field} must be at most ${maxFilterCharacters} characters long.`),
      v.transform((given) => (given === '' ? null : given)),
    ),
  );

export const keyListQuery = v.pipe(
  v.object({
    after: v.optional(text('after'), ''),
    limit: v.optional(wholeNumber('limit', 1, maxSecretsPerList), String(maxSecretsPerList)),
    project: filter('project'),
    prefix: filter('prefix'),
    q: filter('q'),
    label: v.optional(v.pipe(text('label'), v.regex(/^[^:]+:/, 'label must be a name and a value, such as env:prod.'))),
    due: v.optional(wholeNumber('due', 0, maxRotationDays)),
  }),
  v.transform(({ project = null, prefix = null, q: part = null, label = null, due = null, ...page }) => ({
    ...{ ...page, project, prefix, part },
    ...{ label, due },
  })),
);

/** Who gets the keys of a user that is deleted. */
export const heirQuery = v.pipe(
  v.object({ transfer_to: v.optional(text('transfer_to')) }),
  v.transform(({ transfer_to }) => ({ transfer_to: transfer_to === undefined ? null : trimmed(transfer_to) })),
);
