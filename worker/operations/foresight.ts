/**
 * What the survey of a verdict will probably return, from the rows that are known: so that a request which knows them needs one round trip.
 * A wrong guess costs a round trip and nothing else, because the verdict holds only for what was guessed.
 */
import { keyLikeness } from '../../core/accounts/likeness.ts';
import type { Caller } from '../../core/caller.ts';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { type Cell, cellsOf, noRow, type SealedRow, sealFor } from '../../core/sealed-rows.ts';
import type { Foresight, Slot } from '../store/relied.ts';
import type { Values } from '../store/statement.ts';
import { isComparedWith, objectionTo, principalIn } from './judge-again.ts';
import type { KnownRows } from './known-rows.ts';

interface Who {
  /** As the number of an account; a project has its own with a minus. */
  id: number;
  /** The rows that it hangs on, as the text has them. */
  cells: (Cell[] | Cell[][])[];
  rows: SealedRow[];
}

const person = (known: KnownRows, { sessionId, claimedId, claimedAccess }: Caller): Who | null => {
  const user = claimedId === undefined ? undefined : known.find('users', claimedId);
  if (!user || claimedId === undefined || claimedAccess === undefined) return null;
  const session: SealedRow = ['sessions', [sessionId], [claimedId, claimedAccess], null];
  return { id: claimedId, cells: [cellsOf(user), cellsOf(session)], rows: [user, session] };
};

const claimed = (known: KnownRows, { claimedName }: Caller): Who | null => {
  const user = claimedName === null ? undefined : known.named('users', claimedName);
  return user ? { id: Number(user[1][0]), cells: [cellsOf(user)], rows: [user] } : null;
};

const ofToken = (known: KnownRows, { tokenHash }: Caller): Who | null => {
  const held = known.find('token_secrets', tokenHash ?? null);
  const token = held && known.find('service_tokens', held[2][1] ?? null);
  if (!held || !token) return null;
  const [, , userId = null, projectId = null] = token[2];
  const user = userId === null ? noRow('users') : known.find('users', userId);
  const project = projectId === null ? noRow('projects') : known.find('projects', projectId);
  if (!user || !project) return null;
  const rows = [held, token, user, project];
  const id = userId === null ? -Number(projectId) : Number(userId);
  return { id, cells: [rows.map((row) => cellsOf(row))], rows };
};

const principalOf = (known: KnownRows, caller: Caller, isByName: boolean): Who | null => {
  if (isByName) return claimed(known, caller);
  return caller.tokenHash === undefined ? person(known, caller) : ofToken(known, caller);
};

/** The project of the row before: of a secret, or a project itself. */
const projectOf = (row: SealedRow | undefined): Cell =>
  (row?.[0] === 'secrets' ? row[2][3] : row?.[0] === 'projects' ? row[2][0] : null) ?? null;

/** Of the project that a new token is for; undefined if no token is made. */
const likenessOfTokens = ({ project }: Values<string>): Cell | undefined =>
  typeof project === 'string' ? keyLikeness(project) : project;

/** What a slot will hold; null if that cannot be said. A secret, a project or a member that is not known is taken for one that is not there. */
const filled = (
  known: KnownRows,
  { kind, alias }: Slot,
  given: Values<string>,
  userId: number,
  before: SealedRow | undefined,
): SealedRow | null => {
  switch (kind) {
    case 'secrets':
      if (given.name === undefined || (given.padded ?? null) !== null) return null;
      return known.named(kind, given.name) ?? noRow(kind);
    case 'projects': {
      const likeness = alias === 'place' ? given.place_likeness : likenessOfTokens(given);
      return likeness === undefined ? null : (known.named(kind, likeness) ?? noRow(kind));
    }
    case 'members': {
      const project = projectOf(before);
      return (project === null ? undefined : known.find(kind, project, userId)) ?? noRow(kind);
    }
    case 'users':
    case 'service_tokens':
      return (alias === 'target' && known.find(kind, given.id ?? null)) || null;
    default:
      return null;
  }
};

export const foresee = (
  keyring: Keyring,
  known: KnownRows,
  caller: Caller,
  { action, isByName, slots, needsTarget, foresee: rowsAfter }: Foresight,
  given: Values<string>,
): { text: string; cells: (Cell[] | Cell[][])[]; made: SealedRow[] } | null => {
  const who = principalOf(known, caller, isByName);
  if (!who) return null;
  const rows: Record<string, SealedRow> = {};
  const principal = isByName ? known.find('users', who.id) : undefined;
  if (principal) rows.principal = principal;
  const found: SealedRow[] = [];
  for (const slot of slots) {
    const row = filled(known, slot, given, who.id, found.at(-1));
    if (!row) return null;
    rows[slot.alias] = row;
    found.push(row);
  }
  // The text would not do for what is asked: the survey says why.
  const asker = principalIn(who.rows, isByName, caller);
  if (objectionTo({ action, isByName, slots, needsTarget }, asker, rows, caller)) return null;
  if (asker && !isComparedWith(action, asker.row, given)) return null;
  const future = rowsAfter ? rowsAfter({ principalId: who.id, rows }, given) : null;
  if (rowsAfter && !future) return null;
  const cells = [...who.cells, ...found.map((row) => cellsOf(row))];
  const made = (future ?? []).map((row) => sealed(keyring, row));
  return { text: JSON.stringify([cells, future, null]), cells, made };
};

/** The seal of the current version of a secret: what it covers is in what the seal of the secret covers. */
export const sealOfCurrent = (
  keyring: Keyring,
  [, [id = null], [, , , , version = null, binding = null]]: SealedRow,
): string => sealFor(keyring, ['secret_versions', [id, version], [id, version, binding], null]);

/** The same row with its seal. */
export const sealed = (keyring: Keyring, row: SealedRow): SealedRow => [row[0], row[1], row[2], sealFor(keyring, row)];
