import { describe, expect, test } from 'vitest';
import { assignmentInValue, parseAssignment } from './paste.ts';

describe('a pasted line', () => {
  test.each([
    ['STRIPE_KEY=sk_live_1', 'STRIPE_KEY', 'sk_live_1'],
    ['  export STRIPE_KEY = "sk live 1"\n', 'STRIPE_KEY', 'sk live 1'],
    ["set key.one='x=y'", 'key.one', 'x=y'],
    ['URL=postgres://a:b@c/d?e=f#g', 'URL', 'postgres://a:b@c/d?e=f#g'],
    ['QUOTE=it"s', 'QUOTE', 'it"s'],
    ['PEM="-----BEGIN-----\nabc\n-----END-----"', 'PEM', '-----BEGIN-----\nabc\n-----END-----'],
    ['__proto__=x', '__proto__', 'x'],
  ])('%j', (text, name, value) => {
    expect(parseAssignment(text)).toEqual({ name, value });
  });

  test.each(['', 'STRIPE_KEY', 'STRIPE_KEY=', '=value', '1KEY=x', 'two words=x', 'A=1\nB=2', 'name: value'])(
    '%j is not an assignment',
    (text) => {
      expect(parseAssignment(text)).toBeNull();
    },
  );
});

describe('pasted into the value field', () => {
  test('accepts the name of a variable', () => {
    expect(assignmentInValue('STRIPE_KEY=sk', '')).toEqual({ name: 'STRIPE_KEY', value: 'sk' });
  });

  test('accepts only the name of the edited key', () => {
    expect(assignmentInValue('stripe=sk', 'stripe')).toEqual({ name: 'stripe', value: 'sk' });
    expect(assignmentInValue('STRIPE_KEY=sk', 'OTHER_KEY')).toBeNull();
  });

  test.each(['c2VjcmV0PQ==', 'Zm9vYg==', 'ABCD=efgh', 'user=x&pass=y', 'key_id=abc', 'AKIA=='])(
    '%j stays a value',
    (text) => {
      expect(assignmentInValue(text, '')).toBeNull();
    },
  );
});
