/** Moves the access log of v0.6 as audit events. */
import type { DatabaseSync } from 'node:sqlite';
import { maxUserAgentCharacters } from '../../core/limits.ts';
import { withoutInvisible } from '../../core/text.ts';
import { actionOf, wireAction } from '../../core/vocabulary.ts';
import { chunkRows, inChunks, type Move } from './move.ts';
import { countRows, digest, type Old, readOld } from './source.ts';
import { parseTime } from './times.ts';

/** The request id of all moved events. It identifies the database that they came from. */
export function requestIdOf(source: DatabaseSync): string {
  return `moved-in-${digest(source)}`;
}

/** Moves every log entry, and returns their number. They are numbered anew, without the gaps that v0.6 may have left. */
export function moveLog(move: Move): number {
  const { source, target, notes, progress } = move;
  const total = countRows(source, 'access_log');
  const requestId = requestIdOf(source);
  const insert = target.prepare(
    `INSERT INTO audit_events (id, at, request_id, actor_id, actor_name, action, target, outcome, reason, address, user_agent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  let previous = 0;
  let untimed = 0;
  let cleaned = 0;
  const events = inChunks(target, readOld(source, 'access_log'), (entry, done) => {
    const time = parseTime(entry.timestamp);
    if (time === null) untimed++;
    previous = time ?? previous;
    const agent = inert(entry.user_agent ?? '');
    if (agent !== (entry.user_agent ?? '')) cleaned++;
    const { outcome, reason } = outcomeOf(entry);
    const action = actionIn(entry);
    insert.run(
      ...[done, previous, requestId, entry.user_id, entry.user_name, action, entry.key_name, outcome, reason],
      ...[entry.ip_address ?? 'unknown', agent],
    );
    if (done % (5 * chunkRows) === 0) progress(`Log: ${done} of ${total} entries.`);
  });
  if (untimed > 0) notes.push(`${untimed} log entries had no readable time and have that of the entry before them.`);
  if (cleaned > 0) {
    notes.push(
      `${cleaned} log entries had a user agent with control characters or over ${maxUserAgentCharacters} characters; it was cleaned.`,
    );
  }
  if (events > 0) return events;
  // hasMovedIn looks for an event, so there must be one.
  insert.run(1, move.now, requestId, null, null, 'moved_in', null, 'allowed', null, 'unknown', '');
  return 0;
}

/** Our action if the API shows it as the same word, else v0.6's word. */
function actionIn({ action, success, key_name }: Old<'access_log'>): string {
  if (action === null) return 'unknown';
  const ours = actionOf(action);
  if (wireAction(ours, success) !== action) return action;
  // The API shows a key's name only for actions on keys.
  if (key_name !== null && !ours.startsWith('secret.')) return action;
  return ours;
}

/** v0.6 did not record why an action failed. */
function outcomeOf({ action, success }: Old<'access_log'>): { outcome: string; reason: string | null } {
  if (success) return { outcome: 'allowed', reason: null };
  return { outcome: action?.startsWith('login') ? 'unauthenticated' : 'denied', reason: 'not_recorded' };
}

/** Cleans a user agent as worker/http/origin.ts does: logs are shown in terminals. */
function inert(userAgent: string): string {
  return [...withoutInvisible(userAgent.replace(/\p{C}/gu, ''))].slice(0, maxUserAgentCharacters).join('');
}
