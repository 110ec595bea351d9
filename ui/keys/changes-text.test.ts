import { expect, test } from 'vitest';
import { changesText } from './changes-text.ts';
import { toRow } from './order.ts';

const before = toRow({
  name: 'shop/STRIPE',
  description: 'payments',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  valueChangedAt: '2026-01-01T00:00:00.000Z',
  owner: null,
  createdBy: 'alice',
  project: 'shop',
  role: 'editor',
  version: 3,
  revision: 3,
  expiresAt: null,
  rotateEveryDays: null,
  rotationDueAt: null,
  labels: {},
});

test('says what changed, and who stored a new value if that is known', () => {
  const now = { ...before, version: 4, revision: 5, description: 'live mode' };
  expect(changesText(now, { before, by: 'amara' })).toBe(': a new value by amara, another description');
  expect(changesText(now, { before, by: null })).toBe(': a new value, another description');
  const labelled = { ...before, revision: 4, labels: { env: 'prod' }, expiresAt: '2026-12-31T00:00:00.000Z' };
  expect(changesText(labelled, { before, by: null })).toBe(': another expiry, other labels');
});

test('says nothing of a change that the list does not show', () => {
  expect(changesText({ ...before, revision: 4 }, { before, by: null })).toBe('');
});
