/** AUDIT_PIN_FILE of the standalone vault: the runtime replaces a file in one step when it is PUT. */
import type { StoredTile } from '../core/audit/growth.ts';
import { judgePin, keptPin, type PinnedTree } from '../core/audit/pin.ts';

export interface Pin {
  /** To be called after each new checkpoint. Never fails: what goes wrong is told once. */
  pin: () => Promise<void>;
}

type Read = (sql: string, ...values: number[]) => Promise<object[]>;

/**
 * @param folder the folder of the file, as a disk.
 * @param path the file, absolute.
 * @param read runs one query on the database.
 */
export const createPin = (folder: Fetcher, path: string, read: Read): Pin => {
  const url = `http://disk/${encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))}`;
  let told: string | null = null;
  const tell = (problem: string | null) => {
    if (problem !== null && problem !== told) console.error(problem);
    told = problem;
  };
  return {
    async pin() {
      try {
        const [found] = await read('SELECT origin, public_key, size, checkpoint FROM log_tree');
        const tree = found as PinnedTree | undefined;
        if (!tree) return;
        const there = await folder.fetch(url);
        const text = await there.text();
        const verdict = await judgePin(there.ok ? text : null, tree, async (tiles) => {
          const rows = tiles.map(({ level, number }) =>
            read('SELECT level, number, hashes FROM log_tiles WHERE level = ? AND number = ?', level, number),
          );
          return (await Promise.all(rows)).flat() as StoredTile[];
        });
        if (verdict === 'write') {
          const put = await folder.fetch(url, { method: 'PUT', body: tree.checkpoint });
          await put.body?.cancel();
          if (!put.ok) throw new Error(`the runtime answered ${put.status}`);
        }
        tell(typeof verdict === 'object' ? keptPin(path, verdict.keep) : null);
      } catch (error) {
        tell(`AUDIT_PIN_FILE could not be written: ${error instanceof Error ? error.message : error}.`);
      }
    },
  };
};
