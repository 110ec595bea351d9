/** What `/metrics` tells of the database, in one round trip that takes the same time however long the log is. */
import { sql } from 'drizzle-orm';
import { maxVersionCountAgeMs } from '../../core/limits.ts';
import { instance, logTree, projects, secretVersions, usage } from '../store/schema.ts';
import { fill, integer, query, statement } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { archivedSize, newestId, sealedSize } from './log-tree.ts';
import type { Context, Vault } from './vault.ts';

export interface Gauges {
  keys: number;
  trashed: number;
  /** Values that are kept, of keys in use and in the trash. */
  versions: number;
  logRows: number;
  /** Events that are not sealed yet. */
  unsealed: number;
  /** When the newest checkpoint was made, in ms since 1970; null before the first one. */
  sealedAt: number | null;
}

const stored = (column: 'secrets' | 'trashed') =>
  sql`(select sum(${usage[column]}) from ${usage}) + (select coalesce(sum(${projects[column]}), 0) from ${projects})`;

/** Keys as triggers count them, for each account and project. Events have no gaps, and those of archives are the first ones. */
const totals = statement([], () =>
  query
    .select({
      keys: integer('keys', stored('secrets')),
      trashed: integer('trashed', stored('trashed')),
      log_rows: integer('log_rows', sql`${newestId} - ${archivedSize}`),
      unsealed: integer('unsealed', sql`max(0, ${newestId} - ${sealedSize})`),
      sealed_at: integer('sealed_at', sql`(select ${logTree.sealed_at} from ${logTree})`),
    })
    .from(instance),
);
type TotalsRow = NonNullable<ReturnType<typeof totals>['row']>;

/** Erased versions have no key. */
const versionCount = statement([], () =>
  query
    .select({
      versions: integer(
        'versions',
        sql`(select count(*) from ${secretVersions} where ${secretVersions.key_id} is not null)`,
      ),
    })
    .from(instance),
);
type VersionsRow = NonNullable<ReturnType<typeof versionCount>['row']>;

/** The number of versions as it was counted last. */
const counted = new WeakMap<Vault, { versions: number; at: number }>();

/** What is in the database now; the number of versions may be some minutes old. Null if the vault is not set up. */
export const readGauges = async ({ vault, caller: { now } }: Context): Promise<Gauges | null> => {
  const known = counted.get(vault);
  const isKnown = known !== undefined && Math.abs(now - known.at) <= maxVersionCountAgeMs;
  const asked = isKnown ? [fill(totals(), {})] : [fill(totals(), {}), fill(versionCount(), {})];
  const [totalled = [], versioned = []] = await transact(vault.db, asked);
  const [found] = totalled as unknown as TotalsRow[];
  const [count] = versioned as unknown as VersionsRow[];
  if (!found) return null;
  if (count) counted.set(vault, { versions: count.versions, at: now });
  const { keys, trashed, log_rows: logRows, unsealed, sealed_at } = found;
  return {
    keys,
    trashed,
    logRows,
    unsealed,
    sealedAt: sealed_at || null,
    versions: count?.versions ?? known?.versions ?? 0,
  };
};
