/** Checks and makes the seals on rows that grant authority (core/sealed-rows.ts), for the transactions of `store`. */
import type { Caller } from '../../core/caller.ts';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { maxRememberedSeals } from '../../core/limits.ts';
import { nameOfRow, type SealedRow, sealFor, sealHolds } from '../../core/sealed-rows.ts';
import type { Fault, Seals } from '../store/sealed.ts';
import { createPause } from './pauses.ts';
import type { Vault } from './vault.ts';

/** What a survey says: the rows that are relied on, and those that will be. Of a bulk, each row as it is and as it will be. */
type Text = [rows: (SealedRow | null)[], future?: (SealedRow | null)[] | null, ...rest: unknown[]];

/** Texts of which every seal held, by the keyring. They hold nothing that is not in the database. */
const held = new WeakMap<Keyring, Set<string>>();

/** What the signed token of a session says must be what its row says. Tokens of earlier versions do not say what a child may do. */
const isOfCaller = ([, , [userId, access]]: SealedRow, { claimedId, claimedAccess }: Caller) =>
  userId === claimedId && (claimedAccess === undefined || claimedAccess === access);

const holds = (keyring: Keyring, row: SealedRow, caller: Caller) =>
  row[0] === 'sessions' ? row[1][0] === null || isOfCaller(row, caller) : sealHolds(keyring, row);

const faultOf = (row: SealedRow): Fault => ({
  kind: row[0],
  locator: JSON.stringify(row[1]),
  name: nameOfRow(row),
});

const rowCharacters = 2048;

export const sealsOf = ({ keyring, metrics }: Pick<Vault, 'keyring' | 'metrics'>, caller: Caller): Seals => {
  const known = held.get(keyring) ?? new Set();
  held.set(keyring, known);
  return {
    keyId: keyring.primary.id,
    faultIn: async (texts) => {
      const pause = createPause();
      for (const text of texts) {
        const remembered = `${caller.claimedId} ${caller.claimedAccess} ${text}`;
        if (known.has(remembered)) continue;
        const [rows] = JSON.parse(text) as Text;
        const broken = rows.find((row) => row !== null && !holds(keyring, row, caller));
        if (broken) {
          metrics?.noteBrokenSeal();
          return faultOf(broken);
        }
        if (known.size >= maxRememberedSeals) known.clear();
        known.add(remembered);
        await pause(rowCharacters);
      }
      return null;
    },
    sealsFor: async (texts) => {
      const pause = createPause();
      const made: unknown[] = [];
      for (const text of texts) {
        const [rows, future] = JSON.parse(text) as Text;
        // What does not hold stays so: it gets no new seal.
        const isSound = rows.every((row) => row === null || row[0] === 'sessions' || sealHolds(keyring, row));
        for (const row of (isSound && future) || []) {
          if (row) made.push([row[0], sealFor(keyring, row), ...row[1]]);
        }
        await pause(rowCharacters);
      }
      return JSON.stringify(made);
    },
  };
};
