/** Entries of the log that match, page by page. The vault searches a long log in parts. */
import { api } from '../api/client.ts';
import type { LogEntry } from '../api/wire.ts';

export const entriesPerPage = 100;
/** A page asks for more parts until it has so many entries, or asked so often. */
const enoughEntries = 20;
const maxPartsPerPage = 5;
/** Entries of the log, and where to search on; null at the end of the log. */
export interface Found {
  entries: readonly LogEntry[];
  next: number | null;
}

export type Asked = Record<string, string>;

/** @param counts says of an entry whether it counts for a page: what is folded away leaves it empty. */
export const search = async (filters: Asked, before: number | null, counts = (_: LogEntry) => true): Promise<Found> => {
  const entries: LogEntry[] = [];
  let next = before;
  for (let part = 0; part < maxPartsPerPage && entries.filter(counts).length < enoughEntries; part += 1) {
    const query = { ...filters, limit: String(entriesPerPage), ...(next !== null && { before: String(next) }) };
    const answer = await api.logs(query);
    entries.push(...answer.logs);
    next = answer.next ?? null;
    if (next === null) break;
  }
  return { entries, next };
};
