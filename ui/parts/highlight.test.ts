import { expect, test } from 'vitest';
import { marked } from './highlight.ts';

const shown = (text: string, ...words: string[]) =>
  marked(text, words)
    .map((part) => (part.isHit ? `[${part.text}]` : part.text))
    .join('');

test.each([
  [['STRIPE_LIVE', 'stripe'], '[STRIPE]_LIVE'],
  [['STRIPE_LIVE', 'live', 'str'], '[STR]IPE_[LIVE]'],
  [['aaa', 'a'], '[a][a][a]'],
  [['abc', 'abc', 'ab'], '[abc]'],
  [['nothing', 'x'], 'nothing'],
  [['', 'x'], ''],
  // The lower case is one unit longer, so positions would be wrong and nothing is marked.
  [['İstanbul', 'bul'], 'İstanbul'],
] as [[string, ...string[]], string][])('%j', (given, expected) => {
  expect(shown(...given)).toBe(expected);
});
