/** AUDIT_PIN_FILE of `npm start`: the newest checkpoint of the log, in a file outside the vault. */
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { judgePin, keptPin, type PinnedTree } from '../../core/audit/pin.ts';
import { pinIntervalMs } from '../../core/limits.ts';
import { replaceDurably } from '../data/durable.ts';
import { StoredLog } from './stored-log.ts';

/**
 * Replaces the file with the newest checkpoint, if the log continues the one that is there.
 *
 * @param database the file of the database, which may be in use.
 * @returns why the file was kept; null if all is well.
 */
export async function pinCheckpoint(database: string, file: string): Promise<string | null> {
  using opened = new DatabaseSync(database, { readOnly: true });
  opened.exec('BEGIN');
  const tree = opened.prepare('SELECT origin, public_key, size, checkpoint FROM log_tree').get() as
    | PinnedTree
    | undefined;
  if (!tree) return null;
  const log = new StoredLog(opened);
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : null;
  const verdict = await judgePin(kept, tree, async (tiles) =>
    tiles.map(({ level, number }) => ({ level, number, hashes: log.tileText(level, number) })),
  );
  if (verdict === 'write') replaceDurably(file, tree.checkpoint);
  return typeof verdict === 'object' ? keptPin(file, verdict.keep) : null;
}

/** Pins every new checkpoint until it is stopped. Says once what goes wrong, and tries again. */
export function keepPinned(
  database: string,
  file: string,
  print: (line: string) => void,
): { stop: () => Promise<void> } {
  let told: string | null = null;
  let last = Promise.resolve();
  async function pin(): Promise<void> {
    let problem: string | null;
    try {
      problem = await pinCheckpoint(database, file);
    } catch (error) {
      problem = `AUDIT_PIN_FILE could not be written: ${(error as Error).message}.`;
    }
    if (problem !== null && problem !== told) print(problem);
    told = problem;
  }
  const again = () => {
    last = last.then(pin);
  };
  again();
  const timer = setInterval(again, pinIntervalMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      again();
      return last;
    },
  };
}
