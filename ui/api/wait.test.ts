import { expect, test } from 'vitest';
import { secondsFrom, withWait } from './wait.ts';

const now = Date.parse('2026-11-25T12:00:00Z');

test.each([
  ['30', 30],
  [' 1 ', 1],
  ['0', 1],
  ['2.5', 3],
  ['Wed, 25 Nov 2026 12:03:00 GMT', 180],
  ['Wed, 25 Nov 2026 11:00:00 GMT', 1],
  ['', null],
  ['soon', null],
  ['undefined', null],
])('a Retry-After of %j means %j seconds', (text, seconds) => {
  expect(secondsFrom(text, now)).toBe(seconds);
});

test.each([
  ['Too many failed attempts. Wait before you try again.', 180, 'Too many failed attempts. Try again in 3 minutes.'],
  ['Too many failed sign-ins. Try again in 3 minutes.', 180, 'Too many failed sign-ins. Try again in 3 minutes.'],
  ['Too many sign-ins at once. Try again.', 1, 'Too many sign-ins at once. Try again in 1 second.'],
  ['Too many requests; try again in 2 s.', 45, 'Try again in 45 seconds.'],
  ['Too many failed sign-ins', 89, 'Too many failed sign-ins. Try again in 89 seconds.'],
  ['Too many failed attempts.', 90, 'Too many failed attempts. Try again in 2 minutes.'],
  ['Too many failed attempts.', 5400, 'Too many failed attempts. Try again in 2 hours.'],
  ['Too many sign-ins at once. Try again.', null, 'Too many sign-ins at once. Try again.'],
])('%j and %j seconds', (sentences, seconds, text) => {
  expect(withWait(sentences, seconds)).toBe(text);
});
