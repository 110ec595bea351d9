import { expect, test } from 'vitest';
import { edgesOf, lacksLineBreak } from './edges.ts';

const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----';

test.each([
  [' padded\n', 'begins with a space and ends with a line break', 'the space and the line break', 'padded'],
  ['token\n', 'ends with a line break', 'the line break', 'token'],
  ['\t\ttoken  ', 'begins with 2 tabs and ends with 2 spaces', 'the 2 tabs and the 2 spaces', 'token'],
  ['\ufefftoken', 'begins with an invisible character', 'the invisible character', 'token'],
  [
    'token\u200b\u00a0',
    'ends with an invisible character and a no-break space',
    'the invisible character and the no-break space',
    'token',
  ],
])('of a single line all white space at the ends may go: %j', (value, text, removed, trimmed) => {
  expect(edgesOf(value)).toEqual({ text, removed, trimmed });
});

test.each([
  [`${key}\n`, 'ends with a line break', ''],
  [`${key}\n\n`, 'ends with 2 line breaks', ''],
  ['first\nsecond\n', 'ends with a line break', ''],
  ['PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', 'ends with a line break', ''],
  ['-----BEGIN PRIVATE KEY-----MIIE-----END PRIVATE KEY-----\n', 'ends with a line break', ''],
])('the line break at the end of a file stays: %j', (value, text, removed) => {
  expect(edgesOf(value)).toEqual({ text, removed, trimmed: value });
});

test('spaces at the ends of a private key may go, its line break stays', () => {
  expect(edgesOf(`  ${key} \n`)).toEqual({
    text: 'begins with 2 spaces and ends with a space and a line break',
    removed: 'the 3 spaces',
    trimmed: `${key}\n`,
  });
});

test.each(['', ' ', '\n', 'token', 'two words', key])(
  '%j has nothing at its ends that a user should know of',
  (value) => {
    expect(edgesOf(value)).toBeNull();
  },
);

test('a private key without a line break at its end is noticed', () => {
  expect(lacksLineBreak(key)).toBe(true);
  expect(lacksLineBreak(`${key}\n`)).toBe(false);
  expect(lacksLineBreak('-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----')).toBe(false);
  expect(lacksLineBreak('token')).toBe(false);
});
