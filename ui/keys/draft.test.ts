import { expect, test } from 'vitest';
import { changeOf, draftOf, emptyDraft, problemOf, rebased, undoOf } from './draft.ts';
import { toRow } from './order.ts';

const row = toRow({
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
  expiresAt: '2026-12-31T23:59:59.000Z',
  rotateEveryDays: 90,
  rotationDueAt: '2026-04-01T00:00:00.000Z',
  labels: { env: 'prod' },
});

test('a form that was only looked at changes nothing', () => {
  expect(changeOf(draftOf(row), draftOf(row))).toEqual({});
});

test('only what was typed is sent, and an emptied field takes its setting away', () => {
  const before = draftOf(row);
  expect(changeOf({ ...before, value: 'new', labels: '' }, before)).toEqual({ api_key: 'new', labels: {} });
  expect(changeOf({ ...before, expires: '', rotate: ' ' }, before)).toEqual({
    expires_at: null,
    rotate_every_days: null,
  });
  expect(changeOf({ ...before, rotate: '30' }, before)).toEqual({ rotate_every_days: 30 });
});

test('a key expires at the end of the day, where the reader is', () => {
  const { expires_at } = changeOf({ ...emptyDraft, expires: '2027-03-01' }, emptyDraft);
  expect(new Date(expires_at ?? '').toString()).toContain('Mar 01 2027 23:59:59');
});

test('what was changed can be set back, except for the value', () => {
  const before = draftOf(row);
  const change = changeOf(
    { ...before, value: 'new', description: 'x', expires: '', rotate: '', labels: 'a:b' },
    before,
  );
  expect(undoOf(change, row)).toEqual({
    description: 'payments',
    expires_at: row.expiresAt,
    rotate_every_days: 90,
    labels: { env: 'prod' },
  });
});

test.each(['0', '3651', '1.5', 'often', '-3'])('%j is no number of days', (rotate) => {
  expect(problemOf({ ...emptyDraft, rotate })).toHaveProperty('rotate_every_days');
});

test('labels that cannot be read are not sent', () => {
  expect(problemOf({ ...emptyDraft, labels: 'prod' })).toHaveProperty('labels');
  expect(problemOf({ ...emptyDraft, labels: 'env:prod', rotate: '90' })).toEqual({});
});

test('after a change by somebody else, what was typed stays and the other fields follow', () => {
  const was = draftOf(row);
  const is = draftOf({ ...row, description: 'theirs', labels: { env: 'dev' } });
  const typed = { ...was, value: 'mine', description: 'mine too' };
  expect(rebased(typed, was, is)).toEqual({ ...is, value: 'mine', description: 'mine too' });
  expect(changeOf(rebased(typed, was, is), is)).toEqual({ api_key: 'mine', description: 'mine too' });
});
