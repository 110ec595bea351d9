/** `keystore logs`: the access log, and what is added to it. */

import { setTimeout as delay } from 'node:timers/promises';
import { defaultFollowSeconds, maxEventsPerList } from '../../core/limits.ts';
import { Failure } from '../terminal/failure.ts';
import { coloured, note, printable, say, shownTime } from '../terminal/output.ts';
import { openVault, Unreachable, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';
import { type Query, readFilters } from './log-filters.ts';

interface Entry {
  id: number;
  timestamp: string;
  user_name: string | null;
  action: string;
  target: string | null;
  ip_address: string | null;
  success: boolean;
  reason: string | null;
  count?: number;
}

interface Page {
  logs: Entry[];
  next?: number;
}

export async function run(given: Given): Promise<undefined> {
  const query = readFilters(given, Date.now());
  const vault = openVault();
  const limit = given.number('limit', 1, maxEventsPerList);
  const print = given.json ? (entry: Entry) => say(JSON.stringify(entry)) : sayEntry;
  const newest = await readNewest(vault, query, limit);
  for (const entry of newest) print(entry);
  if (!given.has('follow')) return;
  const intervalMs = (given.number('interval', 1, 3_600) ?? defaultFollowSeconds) * 1_000;
  let last =
    newest.at(-1)?.id ?? (await vault.ask<Page>('GET', '/logs', { query: { limit: 1 } })).body.logs[0]?.id ?? 0;
  for (;;) {
    await delay(intervalMs);
    const fresh = await tryAgain(() => readSince(vault, query, last));
    for (const entry of fresh ?? []) print(entry);
    last = fresh?.at(-1)?.id ?? last;
  }
}

/** The newest entries, the oldest of them first. A search of a long log answers in parts, some of them empty. */
async function readNewest(vault: Vault, query: Query, limit: number | undefined): Promise<Entry[]> {
  const entries: Entry[] = [];
  let before: number | undefined;
  do {
    const { body } = await vault.ask<Page>('GET', '/logs', { query: { ...query, limit, before } });
    entries.push(...body.logs);
    before = body.next;
  } while (before !== undefined && limit !== undefined && entries.length < limit);
  return (limit === undefined ? entries : entries.slice(0, limit)).toReversed();
}

/** All entries after `last`, the oldest first. */
async function readSince(vault: Vault, query: Query, last: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  let before: number | undefined;
  do {
    const { body } = await vault.ask<Page>('GET', '/logs', { query: { ...query, limit: maxEventsPerList, before } });
    const fresh = body.logs.filter(({ id }) => id > last);
    entries.push(...fresh);
    before = fresh.length === body.logs.length && (body.next ?? 0) > last ? body.next : undefined;
  } while (before !== undefined);
  return entries.toReversed();
}

/** What fails for a time only, as a network does, is asked again at the next turn. */
async function tryAgain<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Unreachable) && !(error instanceof Failure && error.status === 429)) throw error;
    note(`${error.message} Trying again.`);
    return undefined;
  }
}

function sayEntry({
  timestamp,
  user_name: user,
  action,
  target,
  ip_address: address,
  success,
  reason,
  count,
}: Entry): void {
  const parts = [
    shownTime(timestamp),
    success ? 'ok' : coloured('red', 'refused'),
    printable(user ?? '-'),
    action,
    printable(target ?? '-'),
    printable(address ?? '-'),
    ...(reason ? [printable(reason)] : []),
    ...(count ? [`x${count}`] : []),
  ];
  say(parts.join('  '));
}
