/** From an error to a reply: the caller learns what to do next. Everything else goes to the operator's log. */
import { SealedValueError } from '../../core/crypto/keyring.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { HashingBusy } from '../operations/hashing.ts';
import { VaultUnavailable } from '../operations/instance.ts';
import { failed, type Reply } from '../wire/reply.ts';

export const replyToError = (error: Error): Reply => {
  if (error instanceof HashingBusy) return failed(429, 'Too many sign-ins at once. Try again.', { 'Retry-After': '2' });
  if (error instanceof SealedValueError) {
    return failed(500, error.reason === 'unknown_key' ? missingKey(error) : sealed);
  }
  if (error instanceof VaultUnavailable) {
    return { ...failed(503, error.message), body: { error: error.message, reason: error.reason } };
  }
  console.error(error.stack, error.cause instanceof Error ? error.cause.message : '');
  if (error instanceof StoreFailure) return failed(503, storeFailures[error.kind], { 'Retry-After': '5' });
  return failed(500, 'Internal error. Nothing was changed. The log of the service has the details.');
};

const sealed = 'The stored value cannot be decrypted. The access log says why.';

const missingKey = ({ keyId }: SealedValueError) =>
  keyId === null
    ? 'This value is sealed with an encryption key that the vault does not have. Ask an admin to put it back.'
    : `This value is sealed with the encryption key ${keyId}, which the vault does not have. ` +
      'Put it back into RETIRED_ENCRYPTION_KEYS and restart the vault.';

const storeFailures: Record<StoreFailure['kind'], string> = {
  busy: 'Another process is writing to the database and did not finish. Nothing was changed. Try again.',
  full: 'The disk of the database is full. Nothing was changed. Free some space, then try again.',
  schema: 'The database is not at the version that this service needs. Nothing was changed. Apply the migrations.',
  unreadable:
    'The database does not answer. Nothing was changed. Try again; if it persists, check the free disk space and the log of the service.',
};
