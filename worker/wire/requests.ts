import * as v from 'valibot';
import { isTooLong } from '../../core/accounts/password-policy.ts';
import { maxEventsPerList } from '../../core/limits.ts';
import { roles } from '../../core/policy/policy.ts';
import { kindsNamed } from '../../core/vocabulary.ts';

/**
 * What a request may say, from the seed's words to ours. Every message is a sentence that tells a caller what to change.
 * Fields that are not named here are ignored.
 */

export const nameBytesMost = 255;
export const valueBytesMost = 64 * 1024;
export const descriptionBytesMost = 4 * 1024;
const filterCharactersMost = 1_000;

const text = (field: string) =>
  v.pipe(
    v.string(`${field} must be a text.`),
    v.check((given) => given.isWellFormed(), `${field} contains half of a character pair (a lone surrogate).`),
  );

/** In UTF-8. A text that is much too long is not encoded to find that out. */
const atMostBytes = (field: string, most: number) =>
  v.check<string, string>(
    (given) => given.length <= most && new TextEncoder().encode(given).length <= most,
    `${field} must be at most ${most} bytes long.`,
  );

const printable = (field: string) =>
  v.pipe(
    text(field),
    atMostBytes(field, nameBytesMost),
    v.check((given) => given.trim() !== '', `${field} must not be empty.`),
    v.check((given) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(given), `${field} must not contain control characters.`),
  );

const keyName = v.pipe(
  printable('key_name'),
  v.check((name) => name !== '.' && name !== '..', 'key_name must not be "." or "..": no URL can name it.'),
);

const keyValue = v.pipe(
  text('api_key'),
  v.nonEmpty('api_key must not be empty.'),
  atMostBytes('api_key', valueBytesMost),
);

const keyDescription = v.pipe(text('description'), atMostBytes('description', descriptionBytesMost));

const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, 'The body must be a JSON object.');

export const keyPath = v.pipe(
  v.object({ key_name: keyName }),
  v.transform(({ key_name }) => ({ name: key_name })),
);

export const keyListQuery = v.pipe(v.object({ after: v.optional(text('after'), '') }));

export const newKey = v.pipe(
  object({
    key_name: required('key_name', keyName),
    api_key: required('api_key', keyValue),
    description: v.optional(v.nullable(keyDescription), null),
  }),
  v.transform(({ key_name, api_key, description }) => ({
    name: key_name,
    value: api_key,
    description: description ?? '',
  })),
);

export const keyChange = v.pipe(
  object({ api_key: v.optional(keyValue), description: v.optional(keyDescription) }),
  v.check(
    ({ api_key, description }) => api_key !== undefined || description !== undefined,
    'Send api_key, description or both.',
  ),
  v.transform(({ api_key, description }) => ({ value: api_key ?? null, description: description ?? null })),
);

const userName = v.pipe(
  printable('username'),
  v.check((name) => name === name.trim(), 'username must not begin or end with a space.'),
  v.check((name) => !/\p{Cf}/u.test(name), 'username must not contain invisible characters.'),
);

const role = v.picklist(roles, 'role must be "user" or "admin".');
const flag = (field: string) => v.boolean(`${field} must be true or false.`);

/** A password that is to be compared, not chosen: anything, if it is not too long to be hashed. */
const anyPassword = (field: string) =>
  v.pipe(
    v.string(`${field} must be a text.`),
    v.check((password) => !isTooLong(password), `${field} is too long.`),
    v.check((password) => password.isWellFormed(), `${field} contains half of a character pair.`),
  );

function required<Schema extends v.GenericSchema>(field: string, schema: Schema) {
  return v.pipe(
    v.unknown(),
    v.check((given) => given !== undefined && given !== null, `${field} is missing.`),
    schema,
  );
}

export const credentials = object({
  username: required(
    'username',
    v.pipe(
      text('username'),
      atMostBytes('username', nameBytesMost),
      v.nonEmpty('username must not be empty.'),
      v.check((name) => !/\p{Cc}/u.test(name), 'username must not contain control characters.'),
    ),
  ),
  password: required('password', v.pipe(anyPassword('password'), v.nonEmpty('password must not be empty.'))),
});

/** Whether it may be a password at all is for the operation to say. */
const newPassword = (field: string) => v.string(`${field} must be a text.`);

export const newUser = v.pipe(
  object({
    username: required('username', userName),
    password: required('password', newPassword('password')),
    role: v.optional(role, 'user'),
    must_change_password: v.optional(flag('must_change_password'), false),
  }),
  v.transform(({ username, password, role, must_change_password }) => ({
    name: username,
    password,
    role,
    mustChangePassword: must_change_password,
  })),
);

export const userChange = v.pipe(
  object({
    password: v.optional(newPassword('password')),
    role: v.optional(role),
    is_active: v.optional(flag('is_active')),
    must_change_password: v.optional(flag('must_change_password')),
  }),
  v.check(
    (fields) => Object.values(fields).some((field) => field !== undefined),
    'Send password, role, is_active or must_change_password.',
  ),
  v.transform(({ password, role, is_active, must_change_password }) => ({
    password: password ?? null,
    role: role ?? null,
    isActive: is_active ?? null,
    mustChangePassword: must_change_password ?? null,
  })),
);

export const passwordChange = v.pipe(
  object({
    current_password: required('current_password', anyPassword('current_password')),
    new_password: required('new_password', newPassword('new_password')),
  }),
  v.check(
    ({ current_password, new_password }) => current_password !== new_password,
    'The new password must differ from the current one.',
  ),
  v.transform(({ current_password, new_password }) => ({
    currentPassword: current_password,
    newPassword: new_password,
  })),
);

/** Decimal digits and nothing else; any other id is one that does not exist. */
const id = v.fallback(v.pipe(v.string(), v.regex(/^[1-9]\d{0,15}$/), v.transform(Number), v.safeInteger()), 0);

export const userPath = v.pipe(
  v.object({ user_id: id }),
  v.transform(({ user_id }) => ({ id: user_id })),
);

export const sessionPath = v.pipe(
  v.object({ session_id: v.fallback(v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)), '?') }),
  v.transform(({ session_id }) => ({ id: session_id })),
);

const wholeNumber = (field: string, least: number, most: number) => {
  const message = `${field} must be a whole number from ${least} to ${most}.`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,16}$/, message),
    v.transform(Number),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
};

export const userListQuery = v.pipe(
  v.object({ after: v.optional(wholeNumber('after', 0, Number.MAX_SAFE_INTEGER), '0') }),
);

const filter = (field: string) =>
  v.optional(
    v.pipe(
      text(field),
      v.maxLength(filterCharactersMost, `${field} must be at most ${filterCharactersMost} characters long.`),
      v.transform((given) => (given === '' ? null : given)),
    ),
  );

export const logQuery = v.pipe(
  v.object({
    user_name: filter('user_name'),
    key_name: filter('key_name'),
    action: filter('action'),
    ip_address: filter('ip_address'),
    success: v.optional(v.picklist(['true', 'false'], 'success must be true or false.')),
    before: v.optional(wholeNumber('before', 1, Number.MAX_SAFE_INTEGER)),
    limit: v.optional(wholeNumber('limit', 1, maxEventsPerList)),
  }),
  v.transform((query) => ({
    actor: query.user_name ?? null,
    target: query.key_name ?? null,
    address: query.ip_address ?? null,
    allowed: query.success === undefined ? null : query.success === 'true',
    kinds: query.action ? kindsNamed(query.action) : null,
    actionPart: query.action ?? null,
    before: query.before ?? null,
    limit: query.limit ?? null,
  })),
);

const spans = { hour: { stepMs: 3_600_000, steps: 48 }, day: { stepMs: 86_400_000, steps: 30 } } as const;

export const activityQuery = v.pipe(
  v.object({ per: v.optional(v.picklist(['hour', 'day'], 'per must be "hour" or "day".'), 'hour') }),
  v.transform(({ per }) => spans[per]),
);
