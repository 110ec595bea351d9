import { type GenericSchema, type InferOutput, safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { maxNameBytes } from '../../core/limits.ts';
import * as keyRequests from './key-requests.ts';
import * as requests from './requests.ts';

const outputOf = <Schema extends GenericSchema>(schema: Schema, given: unknown): InferOutput<Schema> => {
  const result = safeParse(schema, given, { abortEarly: true });
  if (!result.success) throw new Error(result.issues[0].message);
  return result.output;
};
const errorOf = (schema: GenericSchema, given: unknown): string => {
  const result = safeParse(schema, given, { abortEarly: true });
  return result.success ? 'accepted' : result.issues[0].message;
};

test('a plain name is read as the rules for all names would read it', () => {
  const long = 'x'.repeat(maxNameBytes);
  const names = [
    'a',
    '~',
    'a b',
    'A/b c',
    '',
    ' ',
    'a ',
    ' a',
    '.',
    '..',
    '...',
    '.a',
    'a\n',
    'a\u007f',
    '\u00e9',
    long,
    `${long}x`,
  ];
  const readAs = (name: string) => safeParse(requests.existingKeyName, name, { abortEarly: true });
  for (const name of names) {
    const plain = requests.plainName(name);
    if (plain) expect(readAs(name)).toMatchObject({ success: true, output: plain });
  }
  expect(names.filter((name) => requests.plainName(name))).toEqual(['a', '~', 'a b', 'A/b c', '...', '.a', long]);
});

describe('the words of v0.6 become the words of the vault', () => {
  test.each<[string, GenericSchema, unknown, unknown]>([
    ['keyPath', requests.keyPath, { name: 'a/b' }, { name: 'a/b', padded: null }],
    ['keyPath', requests.keyPath, { name: ' a ' }, { name: 'a', padded: ' a ' }],
    ['keyQuery', requests.keyQuery, { key_name: 'a\u202e' }, { name: 'a\u202e', padded: null }],
    [
      'newKey',
      keyRequests.newKey,
      { key_name: 'k', api_key: 'v', id: 1 },
      { name: 'k', value: 'v', description: '', fields: {} },
    ],
    [
      'newKey',
      keyRequests.newKey,
      { key_name: 'k', api_key: 'v', description: null },
      expect.objectContaining({ description: '' }),
    ],
    [
      'keyChange',
      keyRequests.keyChange,
      { api_key: 'v', key_name: 'k' },
      {
        named: { given: 'k', name: 'k', problem: null },
        value: 'v',
        description: null,
        owner: null,
        fields: {},
      },
    ],
    [
      'keyChange',
      keyRequests.keyChange,
      { description: '' },
      { named: null, value: null, description: '', owner: null, fields: {} },
    ],
    [
      'keyListQuery',
      requests.keyListQuery,
      {},
      { after: '', limit: 10_000, project: null, prefix: null, part: null, label: null, due: null },
    ],
    [
      'keyListQuery',
      requests.keyListQuery,
      { after: 'a', limit: '5', project: 'shop', prefix: 'shop/', q: 'sk', label: 'a:b', due: '7' },
      { after: 'a', limit: 5, project: 'shop', prefix: 'shop/', part: 'sk', label: 'a:b', due: 7 },
    ],
    ['credentials', requests.credentials, { username: 'u', password: 'p' }, { name: 'u', password: 'p' }],
    [
      'newUser',
      requests.newUser,
      { username: 'u', password: 'p' },
      { name: 'u', password: 'p', role: 'user', must_change_password: false },
    ],
    ['userChange', requests.userChange, { is_active: false, username: 'u' }, { is_active: false, repeated: 'u' }],
    [
      'passwordChange',
      requests.passwordChange,
      { current_password: 'a', new_password: 'b' },
      { current_password: 'a', new_password: 'b' },
    ],
    ['userListQuery', requests.userListQuery, { after: '7' }, { after: 7 }],
  ])('%s %#', (_, schema, given, output) => {
    expect(outputOf(schema, given)).toEqual(output);
  });
});

describe('every message names the field and says what to change', () => {
  const key = (fields: object) => errorOf(keyRequests.newKey, { key_name: 'k', api_key: 'v', ...fields });
  const user = (fields: object) => errorOf(requests.newUser, { username: 'u', password: 'p', ...fields });

  test.each([
    [errorOf(keyRequests.newKey, {}), 'key_name is missing.'],
    [errorOf(keyRequests.newKey, { key_name: 'k' }), 'api_key is missing.'],
    [errorOf(requests.newUser, { username: 'u' }), 'password is missing.'],
    [errorOf(requests.passwordChange, { current_password: 'a' }), 'new_password is missing.'],
    [key({ key_name: null }), 'key_name must be a string.'],
    [key({ key_name: 7 }), 'key_name must be a string.'],
    [key({ key_name: ' ' }), 'key_name must not be empty.'],
    [key({ key_name: 'a\nb' }), 'key_name must not contain invisible or control characters. Remove U+000A.'],
    [key({ key_name: 'a\ud800' }), 'key_name is not valid Unicode: it contains a lone surrogate.'],
    [key({ key_name: 'é'.repeat(128) }), 'key_name must be at most 255 bytes long.'],
    [key({ key_name: '..' }), 'key_name must not be "." or "..": a URL cannot contain it.'],
    [key({ api_key: '' }), 'api_key must not be empty.'],
    [key({ api_key: 'x'.repeat(65_537) }), 'api_key must be at most 65536 bytes long.'],
    [key({ description: 'x'.repeat(4_097) }), 'description must be at most 4096 bytes long.'],
    [errorOf(keyRequests.newKey, []), 'key_name is missing.'],
    [errorOf(keyRequests.newKey, null), 'The body must be a JSON object.'],
    [
      errorOf(keyRequests.keyChange, {}),
      'Send api_key, description, key_name, expires_at, rotate_every_days, labels or owner.',
    ],
    [errorOf(keyRequests.keyChange, { description: null }), 'description must be a string.'],
    [user({ username: ' \u3000 ' }), 'username must not be empty.'],
    [errorOf(requests.keyQuery, {}), 'key_name is missing.'],
    [errorOf(requests.userChange, { username: 'u' }), 'Send password, role, is_active or must_change_password.'],
    [user({ username: 'ad\u200bmin' }), 'username must not contain invisible or control characters. Remove U+200B.'],
    [user({ role: 'Admin' }), 'role must be "user" or "admin".'],
    [user({ must_change_password: 1 }), 'must_change_password must be true or false.'],
    [errorOf(requests.userChange, {}), 'Send password, role, is_active or must_change_password.'],
    [errorOf(requests.credentials, { username: 'u', password: '' }), 'password must not be empty.'],
    [
      errorOf(requests.credentials, { username: 'u', password: 'é'.repeat(513) }),
      'password must be at most 1024 bytes long.',
    ],
    [
      errorOf(requests.passwordChange, { current_password: 'a', new_password: 'a' }),
      'The new password must differ from the current one.',
    ],
  ])('%s', (error, expected) => {
    expect(error).toBe(expected);
  });
});

test.each(['0', '-1', '01', '1.0', '1e3', ' 1', '9007199254740993', 'x', ''])('the user id %j is no id', (user_id) => {
  expect(outputOf(requests.userPath, { id: user_id })).toEqual({ id: 0 });
});

test.each(['', 'a b', 'x'.repeat(65), '🔑'])('the session id %j is no id', (session_id) => {
  expect(outputOf(requests.sessionPath, { id: session_id })).toEqual({ id: '?' });
});

test('a value or a description may contain anything that is valid Unicode', () => {
  const text = '\ufeff\u0000\r\n\u2028 🔑';
  expect(outputOf(keyRequests.keyChange, { api_key: text, description: text })).toEqual({
    named: null,
    value: text,
    description: text,
    owner: null,
    fields: {},
  });
});
