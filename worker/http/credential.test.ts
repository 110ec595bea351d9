import { expect, test } from 'vitest';
import { bearerToken } from './credential.ts';

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['BEARER   a.b-c_d', 'a.b-c_d'],
  ['Bearer', null],
  ['Bearer ', null],
  ['Bearer a b', null],
  ['Bearer a, Bearer b', null],
  ['Bearer\tabc', null],
  ['Bearerabc', null],
  ['Basic abc', null],
  ['abc', null],
  ['', null],
])('the token of the header %j is %j', (authorization, token) => {
  expect(bearerToken(authorization)).toBe(token);
});
