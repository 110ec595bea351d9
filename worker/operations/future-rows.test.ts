/** What gets a seal follows from rows that hold and from what the request gives, whatever the database says. */
import { describe, expect, test } from 'vitest';
import type { Action } from '../../core/policy/policy.ts';
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import { mayBecome } from './future-rows.ts';

const user: SealedRow = ['users', [3], [3, 'eve', 'user', 1, 0, 0, 'v'], 's'];
const key = (cells: Partial<Record<'id' | 'name' | 'owner' | 'version' | 'binding', Cell>> = {}): SealedRow => {
  const { id = 7, name = 'MINE', owner = 3, version = 2, binding = 'b2' } = cells;
  return ['secrets', [id], [id, name, owner, null, version, binding], null];
};
const version = (id: Cell, number: Cell, binding: Cell): SealedRow => [
  'secret_versions',
  [id, number],
  [id, number, binding],
  null,
];
const may = (row: SealedRow, held: SealedRow[], given: Record<string, Cell>, action: Action = 'secret.update') =>
  mayBecome(row, [user, ...held], [row], action, given);

describe('a new key has the number that the worker made', () => {
  const given = { id: 1e15, name: 'MINE', binding: 'b', max_secrets: 7 };
  test.each<[Cell, boolean]>([
    [1e15, true],
    [7, false],
    [null, false],
  ])('%s', (id, holds) => {
    expect(may(key({ id, binding: 'b' }), [], given, 'secret.create')).toBe(holds);
  });
  test('and only where one is made', () => {
    expect(may(key({ id: 1e15, binding: 'b' }), [], given, 'secret.restore')).toBe(false);
  });
});

describe('the value of a key', () => {
  test.each<[what: string, binding: Cell, given: Record<string, Cell>, holds: boolean]>([
    ['is the one that it has', 'b2', {}, true],
    ['is the one that was given', 'b', { binding: 'b' }, true],
    ['is the one that was given for a name with white space', 'b', { padded_binding: 'b' }, true],
    ['is that of a version of it', 'b1', {}, true],
    ['is not another text of the request that happens to be the same', 'b', { description: 'b' }, false],
    ['is not that of a version of another key', 'b9', {}, false],
    ['is that of a version of it under the new name', 'n1', { bindings: '{"1":["b1","n1"]}' }, true],
    ['is not that of another version under the new name', 'n1', { bindings: '{"2":["b1","n1"]}' }, false],
    ['is not what was bound anew from another value', 'n1', { bindings: '{"1":["bx","n1"]}' }, false],
    ['is not missing', null, { binding: null }, false],
  ])('%s', (_, binding, given, holds) => {
    const held = [key(), version(7, 1, 'b1'), version(9, 1, 'b9')];
    expect(may(key({ binding }), held, given)).toBe(holds);
    if (binding !== 'b2') expect(may(version(7, 3, binding), held, given)).toBe(holds);
  });
  test("that is nobody's is that of a version", () => {
    const nobodys = [...key({ owner: null, binding: 'b1' })] as unknown as [...SealedRow];
    const held: SealedRow = ['secrets', nobodys[1], nobodys[2], null, true];
    expect(may(key({ binding: 'b1' }), [held], {})).toBe(false);
    expect(may(key({ binding: 'b1' }), [held, version(7, 2, 'b1')], {})).toBe(true);
  });
});

test('a version is one of a key that holds, or of the one that is made', () => {
  expect(may(version(9, 1, 'b'), [key()], { binding: 'b' })).toBe(false);
  expect(may(version(7, 3, 'b'), [key()], { binding: 'b' })).toBe(true);
});

test('a key keeps its name, or gets one that was given', () => {
  expect(may(key({ name: 'OTHER' }), [key()], {})).toBe(false);
  expect(may(key({ name: 'OTHER' }), [key()], { new_name: 'OTHER' })).toBe(true);
});

test.each(['secret_id', 'current', 'max_secrets', 'keep_versions'])(
  'a key does not get into a project whose number only the parameter %s has',
  (name) => {
    const given = { new_name: 'x/MINE', bindings: '{"2":["b2","n2"]}', [name]: 9 };
    const moved: SealedRow = ['secrets', [7], [7, 'x/MINE', null, 9, 2, 'n2'], null];
    expect(may(moved, [key(), version(7, 2, 'b2')], given, 'secret.rename')).toBe(false);
  },
);
