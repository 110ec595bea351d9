import { describe, expect, test } from 'vitest';
import { base64 } from '../crypto/encoding.ts';
import { parseKeyring } from '../crypto/keyring.ts';
import { growTree, type StoredTile } from './growth.ts';
import { judgePin } from './pin.ts';
import { newLogKey, signCheckpoint } from './signing.ts';
import { leafHash, type Tile } from './tree.ts';

const keyring = parseKeyring(base64(crypto.getRandomValues(new Uint8Array(32))));

/** A log of so many events, of which one may differ. */
async function logOf(size: number, differing = -1, key = newLogKey(keyring)) {
  const stored = await key;
  const leaves = Array.from({ length: size }, (_, index) =>
    leafHash(Uint8Array.of(index % 256, index >> 8, index === differing ? 1 : 0)),
  );
  const { tiles, root } = growTree(0, [], leaves);
  const checkpoint = await signCheckpoint(keyring, stored, { size, root });
  const readTiles = async (wanted: readonly Tile[]): Promise<StoredTile[]> =>
    tiles.filter((tile) => wanted.some(({ level, number }) => tile.level === level && tile.number === number));
  return { key: stored, tree: { ...stored, size, checkpoint }, readTiles };
}

describe('a checkpoint that is kept', () => {
  test('is replaced with a later one of the same log', async () => {
    const older = await logOf(300);
    const newer = await logOf(700, -1, Promise.resolve(older.key));
    expect(await judgePin(older.tree.checkpoint, newer.tree, newer.readTiles)).toBe('write');
    expect(await judgePin(null, newer.tree, newer.readTiles)).toBe('write');
    expect(await judgePin(newer.tree.checkpoint, newer.tree, newer.readTiles)).toBe('same');
  });

  test('stays if the log is shorter, is another one, or differs before its end', async () => {
    const kept = await logOf(300);
    const of = async (size: number, differing?: number, key = kept.key) => {
      const log = await logOf(size, differing, Promise.resolve(key));
      return judgePin(kept.tree.checkpoint, log.tree, log.readTiles);
    };
    expect(await of(299)).toEqual({ keep: 'it is a checkpoint of 300 events, and the log has 299 sealed ones' });
    expect(await of(700, 299)).toEqual({ keep: 'the log does not continue it' });
    expect(await of(300, 0)).toEqual({ keep: 'the log does not continue it' });
    expect(await of(700, 300)).toBe('write');
    expect(await of(700, -1, await newLogKey(keyring))).toEqual({ keep: 'it is not a checkpoint of this log' });
    const { tree, readTiles } = await logOf(700, -1, Promise.resolve(kept.key));
    expect(await judgePin('something else\n', tree, readTiles)).toEqual({ keep: 'it is not a checkpoint of this log' });
  });
});
