import { describe, expect, test } from 'vitest';
import { parseEnvFile } from './env-file.ts';
import { envFileVectors } from './env-file.vectors.ts';

describe('an env file with', () => {
  test.each(Object.entries(envFileVectors))('%s', (_, [text, meaning]) => {
    if ('refusedLine' in meaning) {
      expect(() => parseEnvFile(text, '.env')).toThrow(new RegExp(`^\\.env, line ${meaning.refusedLine}: `));
    } else {
      expect(parseEnvFile(text, '.env')).toEqual(meaning);
    }
  });
});

test('a refusal does not repeat the line, which may hold a secret', () => {
  for (const text of ['hidden?', '?hidden', 'A hidden=1', 'A = \nhidden=1', '=hidden']) {
    expect(() => parseEnvFile(text, '.env')).toThrow(/^(?!.*hidden).*line 1/);
  }
});
