/** The filters of `keystore logs`, as `GET /logs` takes them. */

import { textMatches } from '../../core/vocabulary.ts';
import { usageFailure } from '../terminal/failure.ts';
import type { Given, Option } from './arguments.ts';

export type Query = Record<string, string | number | undefined>;

export const logFilters: Readonly<Record<string, Option>> = {
  user: { value: 'TEXT', help: 'only entries of users whose names contain this' },
  key: { value: 'TEXT', help: 'only entries about keys, users and others whose names contain this' },
  token: { value: 'TEXT', help: 'only what was done with tokens whose names contain this' },
  'token-id': { value: 'ID', help: 'only what was done with this token' },
  project: { value: 'NAME', help: 'only what was done in this project, to it, or with its tokens' },
  address: { value: 'TEXT', help: 'only entries from addresses that contain this' },
  action: { value: 'TEXT', isMultiple: true, help: 'only these actions, such as view_key,add_key' },
  outcome: { value: 'WHAT', isMultiple: true, help: 'only what came out like this, such as denied,not_found' },
  failed: { help: 'only what was refused' },
  match: {
    value: 'HOW',
    choices: textMatches,
    help: 'how user, key, token, address and action are compared: contains (which is usual), exact or prefix',
  },
  from: { value: 'TIME', help: 'since then: 2026-11-25, 2026-11-25T09:30:00Z, or how long ago: 30m, 12h, 7d' },
  to: { value: 'TIME', help: 'before then' },
};

/** @throws Failure if they contradict each other. What a single one may be is for the vault to say. */
export function readFilters(given: Given, now: number): Query {
  const [from, to] = [readTime(given, 'from', now), readTime(given, 'to', now)];
  if (given.has('follow') && to !== undefined)
    throw usageFailure('--follow shows new entries until you stop it, so it cannot be used with --to.');
  return {
    user_name: given.text('user'),
    key_name: given.text('key'),
    token: given.text('token'),
    token_id: given.number('token-id', 1, Number.MAX_SAFE_INTEGER),
    project: given.text('project'),
    ip_address: given.text('address'),
    action: given.parts('action').join(',') || undefined,
    outcome: given.parts('outcome').join(',') || undefined,
    success: given.has('failed') ? 'false' : undefined,
    match: given.text('match'),
    from,
    to,
  };
}

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as the vault takes it; it says itself what is wrong with one. */
function readTime(given: Given, name: 'from' | 'to', now: number): string | number | undefined {
  const text = given.text(name);
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text ?? '') ?? [];
  if (count === undefined) return text;
  return Math.max(0, now - Number(count) * unitMs[unit as keyof typeof unitMs]);
}
