/**
 * Rows that were stored before there were seals get them once, after the upgrade. An old copy of the database would make that happen again, with
 * whatever somebody has changed in it. So the settings (REQUIRE_SEALS) and this isolate remember that it has happened.
 */
import { eq } from 'drizzle-orm';
import { newNonce } from '../../core/crypto/random.ts';
import { auditEvents, instance } from '../store/schema.ts';
import { fill, insertFrom, statement } from '../store/statement.ts';
import { hasSeenSeals } from './seals.ts';
import type { Vault } from './vault.ts';

/** The vaults whose rows were sealed when this isolate opened them. */
const seenSealed = new WeakSet<Vault>();

/** From now on this isolate neither takes rows without seals nor sets up a new vault. */
export const rememberSealed = (vault: Vault): void => void seenSealed.add(vault);

/** Whether the rows of this vault were sealed before. If its database says otherwise, it is an old one or was changed. */
export const wasSealed = (vault: Vault): boolean => vault.requiresSeals || hasTakenOver(vault);

/** Whether this isolate has relied on seals of the primary key. A record by which another key seals the vault is an old one, or was changed. */
export const hasTakenOver = (vault: Vault): boolean => seenSealed.has(vault) || hasSeenSeals(vault.keyring);

/** Two workers may do this at once. Only that of the first one is written, as its canary is. */
const record = statement(['at', 'request_id', 'action', 'target', 'before'], ({ before, ...fields }) =>
  insertFrom(
    auditEvents,
    { ...fields, outcome: 'allowed', address: 'localhost', user_agent: 'keystore' },
    instance,
    eq(instance.canary, before),
  ),
);

/** The event that tells an auditor when it happened. It goes before the new canary takes the place of `before`. */
export const adoptionEvent = (rowCount: number, before: string, now: number) =>
  fill(record(), {
    at: now,
    request_id: newNonce(),
    action: 'vault.seal',
    target: rowCount === 1 ? '1 record' : `${rowCount} records`,
    before,
  });
