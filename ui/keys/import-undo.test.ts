import { expect, test } from 'vitest';
import { importedOf, rowsByName } from './import-undo.ts';
import type { KeyRow } from './order.ts';

const row = (name: string, version: number, revision: number | null) => ({ name, version, revision }) as KeyRow;

test('an import can be taken back where its own change is the only one since the list was fetched', () => {
  const was = rowsByName([row('A', 1, 4), row('B', 2, 2)]);
  const is = rowsByName([row('A', 2, 5), row('B', 3, 3), row('C', 1, 1)]);
  const { added, replaced, others } = importedOf({ added: ['C'], replaced: ['A', 'B'] }, was, is);
  expect(added.map(({ name }) => name)).toEqual(['C']);
  expect(replaced.map(({ before }) => [before.name, before.version])).toEqual([
    ['A', 1],
    ['B', 2],
  ]);
  expect(others).toBe(0);
});

test('what somebody else has changed, renamed or deleted meanwhile is left alone, and counted', () => {
  const was = rowsByName([row('A', 1, 1), row('B', 1, 1), row('D', 1, null)]);
  const is = rowsByName([row('A', 3, 3), row('C', 1, 2), row('D', 2, 2)]);
  const found = importedOf({ added: ['C', 'GONE'], replaced: ['A', 'B', 'D', 'NEVER_SEEN'] }, was, is);
  expect(found).toEqual({ added: [], replaced: [], others: 6 });
});
