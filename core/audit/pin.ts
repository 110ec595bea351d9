/**
 * Whether a checkpoint that is kept outside may be replaced with the newest one: only if the log continues it. Otherwise the old one is
 * evidence, and stays.
 */
import { checkRoot, LogAltered, type StoredTile } from './growth.ts';
import { noteKeyOf, type StoredLogKey } from './signing.ts';
import { type Tile, tilesOf } from './tree.ts';
import { verifiedCheckpoint } from './verified.ts';

/** What of the row of the tree is needed. */
export type PinnedTree = Pick<StoredLogKey, 'origin' | 'public_key'> & { size: number; checkpoint: string };

/** `write` the newest checkpoint, leave things as they are (`same`), or `keep` the old one, and why. */
export type PinVerdict = 'write' | 'same' | { keep: string };

/**
 * @param kept the note that is there; null if there is none.
 * @param readTiles reads tiles as they are stored now.
 */
export async function judgePin(
  kept: string | null,
  tree: PinnedTree,
  readTiles: (tiles: readonly Tile[]) => Promise<StoredTile[]>,
): Promise<PinVerdict> {
  if (tree.size === 0 || kept === tree.checkpoint) return 'same';
  if (kept === null || kept === '') return 'write';
  try {
    const old = await verifiedCheckpoint(kept, noteKeyOf(tree));
    if (!old) return { keep: 'it is not a checkpoint of this log' };
    if (old.size > tree.size)
      return { keep: `it is a checkpoint of ${old.size} events, and the log has ${tree.size} sealed ones` };
    if (old.size > 0) checkRoot(old, await readTiles(tilesOf([{ from: 0, to: old.size }])));
    return 'write';
  } catch (error) {
    if (error instanceof LogAltered) return { keep: 'the log does not continue it' };
    throw error;
  }
}

/** What the operator is told when a checkpoint is kept. */
export function keptPin(file: string, why: string): string {
  return `AUDIT_PIN_FILE was not replaced, because ${why}: ${file}. An older copy of the database may be in its place, or somebody changed the log. Run HelperScripts/verify-audit.sh. If you restored a backup, move the file away and keep it. See docs/AUDIT.md.`;
}
