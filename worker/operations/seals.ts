/** Checks and makes the seals on rows that grant authority (core/sealed-rows.ts), for the transactions of `store`. */
import type { Caller } from '../../core/caller.ts';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { maxRememberedSealCharacters, maxRememberedSeals } from '../../core/limits.ts';
import { type Cell, nameOfRow, rowOf, type SealedRow, sealHolds } from '../../core/sealed-rows.ts';
import type { Grounds, Slot } from '../store/relied.ts';
import type { Fault, SealedAnswer, Seals } from '../store/sealed.ts';
import { foresee, sealed, sealOfCurrent } from './foresight.ts';
import { mayBecome } from './future-rows.ts';
import {
  isActor,
  isComparedWith,
  mayGive,
  mayMoveAll,
  objectionToRead,
  principalIn,
  reachesAny,
} from './judge-again.ts';
import { objectionToRequest } from './judge-request.ts';
import { KnownRows } from './known-rows.ts';
import { createPause } from './pauses.ts';
import type { Vault } from './vault.ts';

export type Cells = readonly Cell[];

/**
 * What a survey says: the rows that are relied on, those of a token together; and those that will be. Of a bulk, each row as it is and as
 * it will be.
 */
export type Text = [
  rows: (Cells | readonly Cells[] | null)[],
  future?: (SealedRow | null)[] | null,
  ...rest: unknown[],
];

/** What held before: whole texts, by what the credential of the caller claims, and the rows in them. It holds nothing that is not in the database. */
class Memory {
  readonly rows = new KnownRows();
  readonly #texts = new Map<string, Map<string, Text[0]>>();
  #count = 0;

  /** The cells of a text that held for a caller with these claims. */
  find(claims: string, text: string): Text[0] | undefined {
    return this.#texts.get(claims)?.get(text);
  }

  /** Bounded: when there are too many, all are forgotten. */
  add(claims: string, text: string, cells: Text[0]): void {
    if (++this.#count > maxRememberedSeals) {
      this.#texts.clear();
      this.#count = 1;
    }
    const texts = this.#texts.get(claims) ?? new Map<string, Text[0]>();
    this.#texts.set(claims, texts.set(text, cells));
  }
}

const claimsOf = ({ claimedId, claimedAccess }: Caller) => `${claimedId} ${claimedAccess}`;

const memories = new WeakMap<Keyring, Memory>();

const memoryOf = (keyring: Keyring): Memory => {
  const memory = memories.get(keyring) ?? new Memory();
  memories.set(keyring, memory);
  return memory;
};

/** Whether this isolate has relied on a row whose seal held. */
export const hasSeenSeals = (keyring: Keyring): boolean => !memoryOf(keyring).rows.isEmpty;

const rowsIn = (cells: Text[0]): SealedRow[] =>
  cells.flatMap((each) => {
    if (each === null) return [];
    return typeof each[0] === 'string' ? [rowOf(each as Cells)] : (each as readonly Cells[]).map(rowOf);
  });

/** What the signed token of a session says must be what its row says. */
const isOfCaller = ([, , [userId, access]]: SealedRow, { claimedId, claimedAccess }: Caller) =>
  userId === claimedId && access === claimedAccess;

const holds = (keyring: Keyring, row: SealedRow, caller: Caller) =>
  row[0] === 'sessions' ? row[1][0] === null || isOfCaller(row, caller) : sealHolds(keyring, row);

export const faultOf = (row: SealedRow, others: readonly SealedRow[] = []): Fault => ({
  kind: row[0],
  locator: JSON.stringify(row[1]),
  name: nameOfRow(row, others),
});

/** The rows that a principal hangs on were there for the verdict, and are not any more. */
const gone: Fault = { kind: 'sessions', locator: '[null]', name: 'session' };

/** The session or the token by which a principal was found says who asks; without it, the account does. */
export const faultOfPrincipal = (rows: readonly SealedRow[]): Fault => {
  const row = rows.find(([table, [first]]) => table === 'users' && first !== null) ?? rows[0];
  return row ? faultOf(row) : gone;
};

/** The row by which a value is not that of the secret whose seal held; null if it is. @param version the row of an earlier version. */
const otherThan = (
  secret: SealedRow,
  version: SealedRow | undefined,
  { name: given, number, binding: its }: SealedAnswer,
): SealedRow | null => {
  const [id = null, name, , , current = null, binding] = secret[2];
  if (given !== undefined && given !== name) return secret;
  const asked = number ?? current;
  if (asked === current) return its === undefined || its === binding ? null : secret;
  const [of, itsNumber, itsBinding] = version?.[2] ?? [];
  if (of === id && itsNumber === asked && itsBinding === its) return null;
  return ['secret_versions', [id, asked], [id, asked, its ?? null], null];
};

const isRemoval = ({ action }: Grounds) =>
  ['user.delete', 'secret.delete', 'secret.destroy', 'token.revoke'].includes(action);

/** What is removed, and by what it could be reached: both may be broken. */
const removed: readonly string[] = ['target', 'membership'];

const rowCharacters = 2048;

interface Parts {
  principal: readonly SealedRow[];
  others: Text[0];
}

/** What was made of cells, for as long as they are remembered: the same ones come again and again. */
const partsMade = new WeakMap<Text[0], Parts>();
const rowsMade = new WeakMap<Text[0], readonly (SealedRow | undefined)[]>();

/** The rows of the principal, and those after them. */
export const partsOf = (cells: Text[0], isByName: boolean): Parts => {
  const made = isByName ? undefined : partsMade.get(cells);
  if (made) return made;
  const count = isByName || typeof cells[0]?.[0] !== 'string' ? 1 : 2;
  const parts = { principal: rowsIn(cells.slice(0, count)), others: cells.slice(count) };
  if (!isByName) partsMade.set(cells, parts);
  return parts;
};

/** The rows of an answer. */
const rowsOfAnswer = (cells: Text[0]): readonly (SealedRow | undefined)[] => {
  const made = rowsMade.get(cells) ?? cells.map((each) => (each ? rowOf(each as Cells) : undefined));
  rowsMade.set(cells, made);
  return made;
};

export const byAlias = (slots: readonly Slot[], cells: Text[0]) =>
  Object.fromEntries(
    slots.flatMap(({ alias }, index) => {
      const found = cells[index];
      return found ? [[alias, rowOf(found as Cells)]] : [];
    }),
  );

export const sealsOf = ({ keyring, metrics }: Pick<Vault, 'keyring' | 'metrics'>, caller: Caller): Seals => {
  const memory = memoryOf(keyring);
  const knownRows = memory.rows;
  const claims = claimsOf(caller);
  const noted = (fault: Fault) => {
    metrics?.noteBrokenSeal();
    return fault;
  };
  /** The text that was said beforehand, made of rows that held before. */
  let foretold: { text: string; cells: Text[0] } | null = null;
  /** The cells of a text, or the first row of it that does not hold. */
  const checked = (text: string, count?: number): Text[0] | Fault => {
    const before = text === foretold?.text ? foretold.cells : memory.find(claims, text);
    if (before) return before;
    if (text === '') return gone;
    const [cells, future] = JSON.parse(text) as Text;
    const isOfToken = cells[0] !== null && typeof cells[0]?.[0] !== 'string';
    const rows = rowsIn(count === undefined ? cells : cells.slice(0, isOfToken ? 1 : count));
    const broken = rows.find((row) => !holds(keyring, row, caller));
    if (broken) return faultOf(broken, rows);
    if (count !== undefined) return cells;
    // What writes has another text each time.
    if (!future && text.length <= maxRememberedSealCharacters) memory.add(claims, text, cells);
    for (const row of rows) knownRows.remember(row);
    return cells;
  };
  let asked: { cells: Text[0]; who: ReturnType<typeof principalIn> } | null = null;
  /** The principal of cells that held. A request asks for it up to three times. */
  const principalOf = (cells: Text[0], isByName: boolean) => {
    if (asked?.cells !== cells)
      asked = { cells, who: principalIn(partsOf(cells, isByName).principal, isByName, caller) };
    return asked.who;
  };
  /** The same where what is removed may be broken. */
  const checkedButTarget = (text: string, { isByName, slots }: Grounds): Text[0] | Fault => {
    const [cells] = JSON.parse(text) as Text;
    const { principal, others } = partsOf(cells, isByName);
    const kept = others.filter((_, index) => !removed.includes(slots[index]?.alias ?? ''));
    const broken = [...principal, ...rowsIn(kept)].find((row) => !holds(keyring, row, caller));
    return broken ? faultOf(broken) : cells;
  };
  return {
    keyId: keyring.primary.id,
    faultIn: async (texts, grounds, given = {}) => {
      const pause = texts.length > 1 ? createPause() : null;
      for (const text of texts) {
        const whole = checked(text);
        // An admin gets rid of a row that does not hold: that grants nothing.
        const cells = 'kind' in whole && grounds && isRemoval(grounds) ? checkedButTarget(text, grounds) : whole;
        if ('kind' in cells) return noted(cells);
        if (grounds) {
          const { principal, others } = partsOf(cells, grounds.isByName);
          const who = principalOf(cells, grounds.isByName);
          if (cells !== whole && !(who && reachesAny(grounds.action, who, caller))) return noted(whole as Fault);
          const isCompared = !who || isComparedWith(grounds.action, who.row, given);
          const found = byAlias(grounds.slots, others);
          const rest = rowsIn(others.slice(grounds.slots.length));
          const objection = isCompared ? objectionToRequest(grounds, who, found, given, caller, rest) : 'principal';
          if (objection) return noted(objection === 'principal' ? faultOfPrincipal(principal) : faultOf(objection));
        }
        const waits = pause?.(rowCharacters);
        if (waits !== undefined) await waits;
      }
      return null;
    },
    faultInAnswer: async (principalText, answers) => {
      const pause = answers.length > 1 ? createPause() : null;
      const ofPrincipal = checked(principalText);
      if ('kind' in ofPrincipal) return noted(ofPrincipal);
      const who = principalOf(ofPrincipal, false);
      for (const answer of answers) {
        const cells = checked(answer.sealed);
        if ('kind' in cells) return noted(cells);
        const [secret, member, version] = rowsOfAnswer(cells);
        const objection = objectionToRead(who, [secret, member], caller);
        if (objection) {
          const { principal } = partsOf(ofPrincipal, false);
          return noted(objection === 'principal' ? faultOfPrincipal(principal) : faultOf(objection));
        }
        const other = secret && otherThan(secret, version, answer);
        if (other) return noted(faultOf(other, [secret]));
        const waits = pause?.(rowCharacters);
        if (waits !== undefined) await waits;
      }
      return null;
    },
    faultInActor: (text, { isByName }, actor) => {
      const cells = checked(text, isByName ? 1 : 2);
      if ('kind' in cells) return noted(cells);
      if (isActor(principalOf(cells, isByName), actor)) return null;
      return noted(faultOfPrincipal(partsOf(cells, isByName).principal));
    },
    sealsFor: async (texts, grounds, given) => {
      const pause = createPause();
      const made: SealedRow[] = [];
      let fault: Fault | null = null;
      let first: readonly SealedRow[] = [];
      for (const text of texts) {
        const [cells, future] = JSON.parse(text) as Text;
        const rows = rowsIn(cells);
        if (first.length === 0) first = rows;
        // What does not hold stays so: it gets no new seal.
        const isSound = rows.every((row) => row[0] === 'sessions' || sealHolds(keyring, row));
        if (isSound) for (const row of rows) knownRows.remember(row);
        const wanted = ((isSound && future) || []).filter((row) => row !== null);
        // A bulk relies on the rows of the first text, too: on who asks for it.
        const isOfBulk = rows !== first && rows[0]?.[0] === 'secrets';
        const held = rows === first ? rows : [...rows, ...first];
        const who = principalIn(first, grounds.isByName, caller);
        const isOutOfReach = isOfBulk && !mayMoveAll(grounds.action, who, rows, given, caller);
        const other = wanted.find(
          (row) =>
            isOutOfReach ||
            !mayBecome(row, held, wanted, grounds.action, given) ||
            !mayGive(row, held, grounds.action, who, caller),
        );
        if (other) fault ??= noted(faultOf(other, [...held, ...wanted]));
        else for (const row of wanted) made.push(sealed(keyring, row));
        await pause(rowCharacters);
      }
      return { made, fault };
    },
    sealOfVersion: (made) => {
      const [secret, other] = made.filter(([table]) => table === 'secrets');
      return secret && !other ? sealOfCurrent(keyring, secret) : null;
    },
    foresee: (foresight, given) => {
      const expected = foresee(keyring, knownRows, caller, foresight, given);
      foretold = expected;
      return expected;
    },
    remember: (rows) => {
      for (const row of rows) knownRows.remember(row);
    },
  };
};
