/**
 * What a row may become. SQL says what it will be, and a view in place of a table can say anything: so what grants something must come from a
 * row whose seal holds, or from the request.
 */
import type { Action } from '../../core/policy/policy.ts';
import { type Cell, isNobodys, type SealedRow } from '../../core/sealed-rows.ts';
import { isRequestParam } from '../store/request.ts';
import type { Values } from '../store/statement.ts';

/** The places of what grants something, in what a seal covers. The number of a new row is the one that the worker has made for it. */
const grants: Partial<Record<SealedRow[0], readonly number[]>> = {
  users: [0, 1, 2, 3, 4, 5, 6],
  projects: [0, 1, 2],
  members: [0, 1, 2],
  secrets: [0, 1, 2, 3, 5],
  secret_versions: [0, 2],
  service_tokens: [0, 1, 2, 3, 4, 5, 6, 7],
  token_secrets: [0, 1, 3],
};

const isFlag = (cell: Cell) => cell === null || cell === 0 || cell === 1;

/** The numbers of the rows of a table. A member has those of an account and of a project. */
const numbersOf = (held: readonly SealedRow[], table: SealedRow[0]) =>
  held.flatMap(([kind, [id = null], [first = null, second = null]]) => {
    if (kind === table) return [id];
    if (kind === 'members') return [table === 'projects' ? first : table === 'users' ? second : null];
    return [];
  });

/**
 * Whether a row that will be follows from those that hold, and from what was given.
 *
 * @param wanted all rows that will be: a new token and its secret are made together.
 */
export const mayBecome = (
  row: SealedRow,
  held: readonly SealedRow[],
  wanted: readonly SealedRow[],
  action: Action,
  given: Values,
): boolean => {
  const [table, locator, contents] = row;
  const before = held.find((each) => each[0] === table && JSON.stringify(each[1]) === JSON.stringify(locator));
  const asked = new Set<Cell>(
    Object.entries(given).flatMap(([name, value]) => (isRequestParam(name) ? [] : [value as Cell])),
  );
  const isNumberOf = (cell: Cell, kind: SealedRow[0]) =>
    cell !== null && (numbersOf(held, kind).includes(cell) || numbersOf(wanted, kind).includes(cell));
  const isOwned = (cell: Cell, at: number, ownerAt: number) =>
    cell === null || (at === ownerAt ? isNumberOf(cell, 'users') : isNumberOf(cell, 'projects') || asked.has(cell));
  return (grants[table] ?? []).every((at) => {
    const cell = contents[at] ?? null;
    // Nothing covers the value of a key that is nobody's but the seal of its version.
    if (before && before[2][at] === cell && !(at === 5 && isNobodys(before))) return true;
    switch (table) {
      case 'users':
        return asked.has(cell) || ([3, 4, 5].includes(at) && isFlag(cell));
      case 'projects':
        return asked.has(cell);
      case 'members':
        if (at === 2) return asked.has(cell) || action === 'project.create';
        return isNumberOf(cell, at === 0 ? 'projects' : 'users') || (at === 0 && asked.has(cell));
      case 'secrets':
        if (at === 0) return before !== undefined || (action === 'secret.create' && cell === given.id);
        if (at === 5) return isBinding(cell, locator[0] ?? null, held, given);
        return at === 1 ? asked.has(cell) : isOwned(cell, at, 2);
      case 'secret_versions':
        return at === 0 ? isNumberOf(cell, 'secrets') : isBinding(cell, locator[0] ?? null, held, given);
      case 'token_secrets':
        // The least that a child may do; one of an auditor's token says this, too.
        if (at === 3 && cell === 'read') return true;
        return at === 1 ? isNumberOf(cell, 'service_tokens') : asked.has(cell) || cell === null || isCell(held, cell);
      default:
        return at === 2 || at === 3 ? isOwned(cell, at, 2) : asked.has(cell) || cell === null || isCell(held, cell);
    }
  });
};

/**
 * Whether a value is the one that was given, that of a version of the same secret, or such a one under another name. What else the request
 * says is no binding, even if it reads like one.
 */
const isBinding = (
  cell: Cell,
  secret: Cell,
  held: readonly SealedRow[],
  { binding = null, padded_binding: padded = null, bindings = null }: Values<string>,
): boolean => {
  if (cell === null) return false;
  if (cell === binding || cell === padded) return true;
  const anew = JSON.parse(String(bindings)) as Record<string, [from: Cell, to: Cell]> | null;
  return held.some(([table, [of, number], [, , its]]) => {
    if (table !== 'secret_versions' || of !== secret) return false;
    const [from, to] = anew?.[String(number)] ?? [];
    return its === cell || (its === from && to === cell);
  });
};

/** Whether a token that holds says the same somewhere: a child has what its parent has. */
const isCell = (held: readonly SealedRow[], cell: Cell) =>
  held.some(([kind, , cells]) => (kind === 'service_tokens' || kind === 'token_secrets') && cells.includes(cell));
