/**
 * When events leave the log, to an archive file or because they are too old, their hashes stay, and another event says which ones have left
 * and why. That event is signed with the key of the log, so that nobody who can only write to the database can delete events and call them
 * expired.
 */
import { utf8 } from '../crypto/encoding.ts';
import { base64, fromBase64 } from './base64.ts';
import type { NoteKey } from './note.ts';
import { asSource } from './verified.ts';

const removalActions = ['log.archive', 'log.expire'] as const;
type RemovalAction = (typeof removalActions)[number];

/** Events `from` to `to`, both included. `why` names the setting; empty for an archive. */
export interface Removal {
  action: RemovalAction;
  from: number;
  to: number;
  why: string;
}

/** As its event has it. Whether the signature holds is another question. */
export interface SignedRemoval extends Removal {
  signature: Uint8Array;
}

/** What is signed. It is no checkpoint: the second line of one is a number. */
export function removalText(origin: string, { action, from, to, why }: Removal): string {
  return `${origin}\n${action} ${from} to ${to}\n${why}\n`;
}

/** The target and the reason of the event. */
export function removalEvent({ from, to, why }: Removal, signature: Uint8Array): { target: string; reason: string } {
  return { target: `${from} to ${to}`, reason: `${why ? `${why}; ` : ''}signed ${base64(signature)}` };
}

/** Reads the event; null for one that says nothing of this. */
export function readRemoval(event: Readonly<Record<string, unknown>>): SignedRemoval | null {
  const action = removalActions.find((each) => each === event.action);
  const [, from, to] = /^(\d{1,15}) to (\d{1,15})$/.exec(String(event.target)) ?? [];
  const [, why = '', signed = ''] = /^(?:(.*); )?signed ([0-9A-Za-z+/]+=*)$/.exec(String(event.reason)) ?? [];
  const signature = fromBase64(signed);
  if (!action || !to || signature?.length !== 64) return null;
  return { action, from: Number(from), to: Number(to), why, signature };
}

/** Whether the key of the log has signed it. Programs beside the vault use their own Ed25519. */
export async function isSignedRemoval(key: NoteKey, { signature, ...removal }: SignedRemoval): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', asSource(key.publicKey), 'Ed25519', false, ['verify']);
  const text = asSource(utf8(removalText(key.name, removal)));
  return crypto.subtle.verify('Ed25519', imported, asSource(signature), text);
}

/**
 * What removes the events up to `log_tree.archived`, in this order and in the transaction that has moved it. Who has read a key stays
 * known: `key_readers` has it of complete blocks, and is told here of the newest one.
 */
export const removeEvents = [
  `INSERT INTO key_readers (secret_id, actor_id, actor_name, token_id, via, token, name, first_at, last_at, times)
    SELECT secret, coalesce(actor_id, 0), coalesce(actor_name, ''), coalesce(token_id, 0), way, max(token), max(target), min(at), max(at),
      count(*)
    FROM (
      SELECT *, iif(action = 'secret.read', coalesce(via, ''), 'stored') AS way,
        coalesce(secret_id, (SELECT id FROM secrets WHERE name = target AND deleted_at IS NULL AND created_at <= at)) AS secret
      FROM audit_events
      WHERE id >= (SELECT max(block) FROM log_blocks) * 1000 AND id <= (SELECT archived FROM log_tree)
        AND action IN ('secret.read', 'secret.create', 'secret.update') AND outcome = 'allowed'
    )
    WHERE secret IS NOT NULL
    GROUP BY secret, 2, 3, 4, way
    ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
      times = times + excluded.times, token = excluded.token, name = excluded.name`,
  'DELETE FROM audit_events WHERE id <= (SELECT archived FROM log_tree)',
  'DELETE FROM log_blocks WHERE block < ((SELECT archived FROM log_tree) + 1) / 1000',
] as const;
