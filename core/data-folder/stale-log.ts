/**
 * Tells whether a write-ahead log belongs to another database than the file beside it. SQLite replays the log of whatever
 * lies there, so a backup that was copied over the database by hand would be undone without a word.
 *
 * The format is in https://www.sqlite.org/fileformat2.html, sections 1.3 and 4, and https://www.sqlite.org/walformat.html.
 */

/** How many bytes at the beginning of a database, and of its shared memory, the checks read. */
export const databaseHeaderBytes = 100;
export const indexHeaderBytes = 136;

const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** The transactions that a log holds. */
export interface LogContents {
  pageBytes: number;
  salt: string;
  /** The newest committed content of each page, by its number from 1, with the number of its frame from 1. */
  pages: Map<number, { frame: number; content: Uint8Array }>;
  frames: number;
}

/** Reads the committed pages of a write-ahead log; undefined if it holds none, so that there is nothing to replay. */
export function readLog(log: Uint8Array): LogContents | undefined {
  if (log.length < logHeaderBytes) return undefined;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  if (view.getUint32(0) >>> 1 !== 0x377f0682 >>> 1) return undefined;
  const pageBytes = view.getUint32(8);
  if (pageBytes < 512) return undefined;
  const pages: LogContents['pages'] = new Map();
  const uncommitted: LogContents['pages'] = new Map();
  let frames = 0;
  for (let frame = 1; ; frame++) {
    const at = logHeaderBytes + (frame - 1) * (frameHeaderBytes + pageBytes);
    const end = at + frameHeaderBytes + pageBytes;
    // Frames with another salt are left over from before the log was last begun anew.
    if (end > log.length || saltAt(view, at + 8) !== saltAt(view, 16)) break;
    uncommitted.set(view.getUint32(at), { frame, content: log.subarray(at + frameHeaderBytes, end) });
    if (view.getUint32(at + 4) === 0) continue;
    for (const [page, found] of uncommitted) pages.set(page, found);
    uncommitted.clear();
    frames = frame;
  }
  return frames === 0 ? undefined : { pageBytes, salt: saltAt(view, 16), pages, frames };
}

function saltAt(view: DataView, at: number): string {
  return `${view.getUint32(at)} ${view.getUint32(at + 4)}`;
}

/**
 * Whether a database never had a write-ahead log: its header says so. A log beside it is of another database. Backups that
 * this product makes are such databases.
 *
 * @param header the first bytes of the database.
 */
export function isWithoutLog(header: Uint8Array): boolean {
  const writeVersion = header[18];
  return header.length >= databaseHeaderBytes && writeVersion === 1;
}

/**
 * Whether a database that was changed after its log was last written to is a different one: a checkpoint writes pages of
 * the log into the database, and nothing else changes it.
 *
 * @param pageOf reads a page of the database.
 * @param index the first bytes of the database's shared memory, if the file exists. It says how far a checkpoint came.
 */
export function isOfAnother(
  log: LogContents,
  pageOf: (page: number, pageBytes: number) => Uint8Array,
  index: Uint8Array | undefined,
): boolean {
  const done = checkpointed(log, index);
  for (const [page, { frame, content }] of log.pages) {
    if (frame <= done && !isEqual(pageOf(page, log.pageBytes), content)) return true;
  }
  return false;
}

/** The number of frames that a checkpoint has moved into the database: all, unless the shared memory says otherwise. */
function checkpointed({ salt, frames }: LogContents, index: Uint8Array | undefined): number {
  if (index === undefined || index.length < indexHeaderBytes) return frames;
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  // The index has the byte order of the machine, but copies the salt as it is in the log.
  const isOfThisLog = saltAt(view, 32) === salt;
  const [moved, attempted] = [view.getUint32(96, true), view.getUint32(128, true)];
  return isOfThisLog && attempted > 0 ? Math.min(moved, frames) : frames;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
