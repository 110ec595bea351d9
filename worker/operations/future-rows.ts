/**
 * What a row may become. SQL says what it will be, and a view in place of a table can say anything: so what grants something must come from a
 * row whose seal holds, or from the request.
 */
import type { Action } from '../../core/policy/policy.ts';
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import { isRequestParam } from '../store/request.ts';
import type { Values } from '../store/statement.ts';

/** The places of what grants something, in what a seal covers. A new row is found by the number that it gets. */
const grants: Partial<Record<SealedRow[0], readonly number[]>> = {
  users: [1, 2, 3, 4, 5, 6],
  members: [0, 1, 2],
  secrets: [0, 1, 2],
  service_tokens: [1, 2, 3, 4, 5, 6, 7],
  token_secrets: [0, 3],
};

/** Who has a key then is named in the request, and found by name. Only admins hand keys over like this. */
const handsOver: readonly Action[] = [
  'secret.transfer',
  'user.delete',
  'secret.rename',
  'secret.restore',
  'project.create',
  'project.update',
  'project.delete',
];

const isFlag = (cell: Cell) => cell === null || cell === 0 || cell === 1;

/** Whether a row that will be follows from those that hold, and from what was given. */
export const mayBecome = (row: SealedRow, held: readonly SealedRow[], action: Action, given: Values): boolean => {
  const [table, locator, contents] = row;
  const before = held.find((each) => each[0] === table && JSON.stringify(each[1]) === JSON.stringify(locator));
  const numbers = held.flatMap(([, [id = null]]) => (typeof id === 'number' ? [id, -id] : []));
  const asked = Object.entries(given).flatMap(([name, value]) => (isRequestParam(name) ? [] : [value]));
  const known = new Set<Cell>([...asked, ...numbers]);
  return (grants[table] ?? []).every((at) => {
    const cell = contents[at] ?? null;
    if (before && before[2][at] === cell) return true;
    if (table === 'secrets' && (handsOver.includes(action) || (cell === null && !before))) return true;
    // The least that a child may do; one of an auditor's token says this, too.
    if (table === 'token_secrets' && cell === 'read') return true;
    if (table === 'users') return known.has(cell) || (at !== 2 && at !== 6 && isFlag(cell));
    if (table === 'members') return known.has(cell) || action === 'project.create';
    return known.has(cell) || cell === null || held.some(([kind, , cells]) => isOfToken(kind) && cells.includes(cell));
  });
};

const isOfToken = (kind: SealedRow[0]) => kind === 'service_tokens' || kind === 'token_secrets';
