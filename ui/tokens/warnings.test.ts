import { expect, test } from 'vitest';
import type { Token } from '../api/wire.ts';
import { hasEnded, warningsOf } from './warnings.ts';

const at = Date.parse('2026-06-01T00:00:00Z');
const token = (fields: Partial<Token>): Token => ({
  ...{
    id: 1,
    name: 't',
    owner: 'a',
    project: null,
    scopes: ['*'],
    access: 'read',
    allowed_addresses: [],
    created_by: 'a',
  },
  ...{ created_at: '2026-05-30T00:00:00Z', expires_at: null, last_used_at: null, last_used_address: null },
  ...{ rotated_at: null, grace_ends_at: null, revoked_at: null },
  ...fields,
});

test.each([
  [{}, []],
  [{ expires_at: '2026-06-20T00:00:00Z' }, []],
  [{ expires_at: '2026-06-02T00:00:00Z' }, ['expires in 1 day']],
  [{ expires_at: '2026-06-15T00:00:00Z' }, ['expires in 14 days']],
  [{ created_at: '2026-04-01T00:00:00Z' }, ['never used']],
  [{ created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-04-01T00:00:00Z' }, ['not used for 30 days']],
  [{ created_at: '2026-01-01T00:00:00Z', last_used_at: '2026-05-31T00:00:00Z' }, []],
  [{ created_at: '2026-01-01T00:00:00Z', revoked_at: '2026-05-01T00:00:00Z' }, []],
])('%j: %j', (fields, expected) => {
  expect(warningsOf(token(fields), at)).toEqual(expected);
});

test('a token has ended once it is revoked or has expired', () => {
  expect(hasEnded(token({}), at)).toBe(false);
  expect(hasEnded(token({ revoked_at: '2026-05-01T00:00:00Z' }), at)).toBe(true);
  expect(hasEnded(token({ expires_at: '2026-06-01T00:00:00Z' }), at)).toBe(true);
});
