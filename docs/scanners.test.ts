/** The rules for secret scanners in docs/scanners find service tokens and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newServiceToken, serviceTokenHash } from '../core/crypto/service-token.ts';
import { serviceTokenVectors } from '../core/crypto/service-token-vectors.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');

/** The regular expression of each rule, as the scanner reads it. Go's RE2 and JavaScript agree on all that is used here. */
const rules: [file: string, pattern: string][] = [
  ['scanners/gitleaks.toml', /^regex = '''(.*)'''$/m.exec(read('scanners/gitleaks.toml'))?.[1] ?? ''],
  ['scanners/trufflehog.yaml', /^ +token: '(.*)'$/m.exec(read('scanners/trufflehog.yaml'))?.[1] ?? ''],
];

test('docs/TOKENS.md shows the same regular expression', () => {
  for (const [, pattern] of rules) expect(read('TOKENS.md')).toContain(pattern.replaceAll(/[()]/g, ''));
});

describe.each(rules)('the rule in %s', (_, pattern) => {
  const found = (text: string) => [...text.matchAll(new RegExp(pattern, 'g'))].map(([, token]) => token);

  test.each(serviceTokenVectors.filter(({ fault }) => fault === null))('finds $text wherever it stands', ({ text }) => {
    for (const around of [
      text,
      `KEYSTORE_TOKEN=${text}`,
      `"token": "${text}",`,
      `Authorization: Bearer ${text}\r\n`,
      `curl -H 'X-Vault-Token:${text}'`,
      `https://x.test/?t=${text}&u=1`,
      `(${text})`,
      `a ${text}, b`,
    ]) {
      expect(found(around), around).toEqual([text]);
    }
  });

  test('finds every new token', () => {
    for (let round = 0; round < 100; round++) {
      const token = newServiceToken();
      expect(found(`x=${token};`)).toEqual([token]);
    }
  });

  test.each([
    'ks_',
    'ks_too_short',
    `ks_${'a'.repeat(35)}`,
    `ks_${'a'.repeat(37)}`,
    `tasks_${'a'.repeat(36)}`,
    `KS_${'a'.repeat(36)}`,
    `ks_${'a'.repeat(20)}_${'a'.repeat(15)}`,
    'const ks_internationalization_of_every_single_module = 1',
  ])('does not find %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

test('a scanner that checks the last six digits finds no false ones', () => {
  for (const { text, fault } of serviceTokenVectors) expect(serviceTokenHash(text) === null, text).toBe(fault !== null);
});
