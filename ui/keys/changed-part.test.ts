import { expect, test } from 'vitest';
import { changedPart } from './changed-part.ts';

test.each([
  ['sk_live_abc_1', 'sk_live_xyz_1', ['sk_live_', 'abc', '_1']],
  ['same', 'same', ['same', '', '']],
  ['aa', 'aaa', ['aa', '', '']],
  ['aaa', 'aa', ['aa', 'a', '']],
  ['', 'new', ['', '', '']],
  ['new', '', ['', 'new', '']],
  ['a😀b', 'a😁b', ['a', '😀', 'b']],
])('%j beside %j is marked where it differs', (text, other, parts) => {
  expect(Object.values(changedPart(text, other))).toEqual(parts);
});

test('the parts are the whole text', () => {
  const { start, changed, end } = changedPart('one\ntwo\nthree', 'one\n2\nthree');
  expect(start + changed + end).toBe('one\ntwo\nthree');
});
