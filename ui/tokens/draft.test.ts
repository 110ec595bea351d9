import { expect, test } from 'vitest';
import { choices, preview, tokenOf } from './draft.ts';
import { emptyDraft } from './model.ts';

const names = ['stripe', 'shop/prod/A', 'shop/prod/B', 'shop/dev/A', 'shopping/X'];
const draft = (fields: Partial<typeof emptyDraft>) => ({ ...emptyDraft, ...fields });

test('the preview is what the vault would let the token reach', () => {
  expect(preview(draft({ scopes: 'shop/prod/*\n stripe \n' }), names)).toEqual([
    'stripe',
    'shop/prod/A',
    'shop/prod/B',
  ]);
  expect(preview(draft({ scopes: 'shop/*' }), names)).toEqual(['shop/prod/A', 'shop/prod/B', 'shop/dev/A']);
  expect(preview(draft({ scopes: '*' }), names)).toEqual(names);
  expect(preview(draft({ scopes: '*', project: 'shop' }), names)).toEqual(['shop/prod/A', 'shop/prod/B', 'shop/dev/A']);
  expect(preview(draft({ scopes: '' }), names)).toEqual([]);
});

test('the preview says what is wrong with a scope', () => {
  expect(preview(draft({ scopes: 'shop/pr*' }), names)).toEqual({ problem: expect.stringMatching(/"shop\/pr\*"/) });
  expect(preview(draft({ scopes: 'web/*', project: 'shop' }), names)).toEqual({
    problem: expect.stringMatching(/only its keys/),
  });
});

test('the folders are there to pick, those of the project if there is one', () => {
  expect(choices(names, '')).toEqual(['*', 'shop/*', 'shop/dev/*', 'shop/prod/*', 'shopping/*']);
  expect(choices(names, 'shop')).toEqual(['*', 'shop/*', 'shop/dev/*', 'shop/prod/*']);
});

test('what was typed becomes a request', () => {
  const typed = draft({ name: ' ci ', scopes: 'a/*\na/*\nb', days: '', addresses: '10.0.0.0/8, ::1\n192.0.2.1' });
  expect(tokenOf(typed)).toEqual({
    name: 'ci',
    project: null,
    access: 'read',
    scopes: ['a/*', 'b'],
    expires_in_days: null,
    allowed_addresses: ['10.0.0.0/8', '::1', '192.0.2.1'],
  });
  expect(tokenOf({ ...typed, access: 'audit' })).toMatchObject({ access: 'audit', scopes: [] });
});
