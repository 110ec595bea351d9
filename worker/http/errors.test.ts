import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { SealedValueError } from '../../core/crypto/keyring.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { HashingBusy } from '../operations/hashing.ts';
import { VaultUnavailable } from '../operations/instance.ts';
import { replyToError } from './errors.ts';

const log = vi.spyOn(console, 'error').mockImplementation(() => {});

afterEach(() => log.mockClear());
afterAll(() => log.mockRestore());

test.each([
  ['too many hashes', new HashingBusy(), 429, { 'Retry-After': '2' }],
  ['a value that does not open', new SealedValueError('binding_mismatch'), 500, undefined],
  ['a full disk', new StoreFailure('full', 'D1_ERROR: SQLITE_FULL'), 503, { 'Retry-After': '5' }],
  ['a missing table', new StoreFailure('schema', 'no such table: users'), 503, { 'Retry-After': '5' }],
  ['a database that fails', new StoreFailure('unreadable', 'internal error'), 503, { 'Retry-After': '5' }],
  ['any other error', new TypeError('secret /path/in/a/message'), 500, undefined],
])('%s: a status, a sentence, and nothing of the cause', (_, error, status, headers) => {
  const reply = replyToError(error);
  expect([reply.status, reply.headers]).toEqual([status, headers]);
  expect(reply.body).toEqual({ error: expect.stringMatching(/^[A-Z].*\.$/) });
  expect(JSON.stringify(reply)).not.toMatch(/SQLITE|no such table|secret|\/path|binding/);
});

test('a vault that cannot serve says why, for probes and for the operator', () => {
  expect(replyToError(new VaultUnavailable('wrong_key', 'Put the key back.'))).toEqual({
    status: 503,
    body: { error: 'Put the key back.', reason: 'wrong_key' },
  });
});

test('only unexpected errors go to the log of the service, with their cause', () => {
  for (const error of [new HashingBusy(), new SealedValueError('unknown_key'), new VaultUnavailable('setup', 'x')]) {
    replyToError(error);
  }
  expect(log).not.toHaveBeenCalled();
  replyToError(new Error('outer', { cause: new Error('inner') }));
  expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('outer'), 'inner');
});
