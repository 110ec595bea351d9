import { describe, expect, test } from 'vitest';
import { isCommonPassword } from './common-passwords.ts';
import { hasAtMostBytes, passwordProblem } from './password-policy.ts';

test.each([
  'correct horse battery',
  'x7Qm2Lr9',
  'ключключ',
  '🔑🗝🔒🔓🔏🔐🚪🧱',
  ' leading and trailing ',
  'a'.repeat(1024),
  '🔑'.repeat(256),
])('%s may be a password', (password) => {
  expect(passwordProblem(password, 'alice')).toBeNull();
});

test.each([
  ['', 'at least 8 characters'],
  ['1234567', 'at least 8 characters'],
  ['🔑🔑🔑🔑🔑🔑🔑', 'at least 8 characters'],
  ['a'.repeat(1025), 'at most 1024 bytes'],
  [`${'🔑'.repeat(256)}.`, 'at most 1024 bytes'],
  ['good enough \ud83d', 'not valid Unicode'],
  ['e\u0301'.repeat(4), 'at least 8 characters'],
])('%j has the wrong length or form', (password, problem) => {
  expect(passwordProblem(password, 'alice')).toContain(problem);
});

test.each([
  ['ops-admin', 'ops-admin'],
  ['OPS-Admin', 'ops-admin'],
  ['ops-admin', 'OPS-ADMIN'],
  ['ｏｐｓ-admin', 'ops-admin'],
  ['do\u0308rte.mu\u0308ller', 'D\u00d6RTE.M\u00dcLLER'],
])('%s is the user name %s', (password, username) => {
  expect(passwordProblem(password, username)).toBe('The password must not be the user name.');
});

describe('common passwords', () => {
  test.each([
    'password',
    'password1',
    'Password1',
    '12345678',
    'admin123',
    'ADMIN1234',
    'qwerty123',
    'user1234',
    'changeme',
    'letmein1',
    'ｐａｓｓｗｏｒｄ',
    'keystore',
    'Keystore1',
    'keystore2025',
  ])('%s is rejected', (password) => {
    expect(passwordProblem(password, 'alice')).toContain('most common');
  });

  test('a password that only contains a common one is accepted', () => {
    for (const password of ['password of mine', 'keystore-9d', 'constructor', '__proto__']) {
      expect(passwordProblem(password, 'alice')).toBeNull();
    }
  });

  test('the list has no empty entry and no white space', () => {
    expect(isCommonPassword('')).toBe(false);
    expect(isCommonPassword(' password')).toBe(false);
  });
});

test('a huge text is too long, and is not encoded to find that out', () => {
  expect(hasAtMostBytes('é'.repeat(512), 1024)).toBe(true);
  expect(hasAtMostBytes('é'.repeat(513), 1024)).toBe(false);
  expect(hasAtMostBytes('a'.repeat(10_000_000), 1024)).toBe(false);
});
