/** The stored tree of the log: its row, and those of its tiles that a question needs. */
import '../../core/audit/native-hash.ts';
import { and, eq, getTableColumns, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type StoredTile, treeLevels } from '../../core/audit/growth.ts';
import { tileWidth } from '../../core/audit/tree.ts';
import { jsonObject } from '../store/json.ts';
import { auditEvents, logTiles, logTree } from '../store/schema.ts';
import { query } from '../store/statement.ts';

export type TreeRow = typeof logTree.$inferSelect;

/** How many events are sealed; 0 before the log is sealed first. */
export const sealedSize = sql`coalesce((select ${logTree.size} from ${logTree}), 0)`;

/** How many events have been moved to archives. */
export const archivedSize = sql`coalesce((select ${logTree.archived} from ${logTree}), 0)`;

/** The number of the newest event; 0 in an empty log. Before the verdict writes its own, or after it. */
export const newestId = sql`coalesce((select max(${auditEvents.id}) from ${auditEvents}), 0)`;

const levels = sql`json_each(${JSON.stringify(Array.from({ length: treeLevels }, (_, level) => level))})`;
const level = sql`wanted_level.value`;

/**
 * The tiles that hold these leaves, or the hashes above them, on each level: one look into the index for each. Proofs about a leaf, and the
 * root of a tree that ends before one, are made of them.
 *
 * @param places SQL for JSON: a list of numbers of leaves, counted from 0.
 */
export const wantedAt = (places: SQLWrapper) =>
  sql`${levels} wanted_level cross join json_each(${places}) wanted_place`;
export const isTileAt = and(
  sql`${logTiles.level} = ${level}`,
  sql`${logTiles.number} = wanted_place.value >> (8 * (${level} + 1))`,
);

/** The unfinished tiles at the end of the tree. */
export const lastTiles = () =>
  query
    .select({ level: logTiles.level, number: logTiles.number, hashes: logTiles.hashes })
    .from(wantedAt(sql`json_array(${sealedSize})`))
    .crossJoin(logTiles)
    .where(isTileAt)
    .orderBy(logTiles.level);

/** As the log has it, by the names of its columns. */
export const eventAsJson: SQL = jsonObject(getTableColumns(auditEvents));

/**
 * The leaf of an event as text, as `leafOf` makes it: members sorted, and none that is null. SQLite quotes texts as RFC 8785 does. It takes
 * a third of the time of a row with all columns.
 */
export const leafAsText: SQL = sql`concat(${sql.join(
  Object.entries(getTableColumns(auditEvents))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, column], index) => {
      const member = sql`${`${index === 0 ? '{' : ','}"${name}":`} || json_quote(${column})`;
      return column.notNull ? member : sql`iif(${column} is null, '', ${member})`;
    }),
  sql`, `,
)}, '}')`;

/** The leaf of an event. Milliseconds and numbers are integers, so JSON has them exactly. */
export type EventJson = Record<string, unknown> & { id: number };

/** The row of the tree as JSON. */
export const treeAsJson: SQL = jsonObject(getTableColumns(logTree));

/** What an answer about the tree is made of: rows of one form, so that they come in one statement. */
export interface TreeRows {
  tree: TreeRow | null;
  tiles: StoredTile[];
  events: EventJson[];
  /** Events that say what has left the log. */
  removals: EventJson[];
}

type PartRow = { kind: string; json: string };

export const partsOf = (rows: readonly PartRow[]): TreeRows => {
  const of = <Row>(kind: string) => rows.filter((row) => row.kind === kind).map(({ json }) => JSON.parse(json) as Row);
  return { tree: of<TreeRow>('tree')[0] ?? null, tiles: of('tile'), events: of('event'), removals: of('removal') };
};

export const tileAsJson: SQL = jsonObject({ level: logTiles.level, number: logTiles.number, hashes: logTiles.hashes });

/** Whether a tile is one of these. */
export const isTile = (of: SQLWrapper, number: SQLWrapper) => and(eq(logTiles.level, of), eq(logTiles.number, number));

/** The number of leaves that one hash of a level stands for. */
export const leavesPerHash = (of: number): number => tileWidth ** of;
