import { expect, test } from 'vitest';
import { labelsText, readLabels } from './labels.ts';

test.each([
  ['', {}],
  [' , ', {}],
  ['env:prod', { env: 'prod' }],
  ['env: prod , team:web,', { env: 'prod', team: 'web' }],
  ['url:https://example.com:8443', { url: 'https://example.com:8443' }],
  ['__proto__:x', JSON.parse('{"__proto__":"x"}')],
])('%j', (text, labels) => {
  expect(readLabels(text)).toEqual({ labels });
});

test.each(['prod', 'env:', ':prod', 'env:prod, team', 'env:a, env:b'])('%j is refused, and says why', (text) => {
  expect(readLabels(text)).toEqual({ problem: expect.stringMatching(/name:value|twice/) });
});

test('reads back what it wrote', () => {
  const labels = { env: 'prod', team: 'web:shop' };
  expect(readLabels(labelsText(labels))).toEqual({ labels });
});
