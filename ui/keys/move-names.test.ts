import { expect, test } from 'vitest';
import { folderOf, foldersOf, movesInto } from './move-names.ts';

test('a key keeps the last part of its name, and what is in the folder already does not move', () => {
  expect(movesInto(['A', 'shop/dev/B', 'shop/prod/C'], 'shop/prod')).toEqual({
    moves: [
      { from: 'A', to: 'shop/prod/A' },
      { from: 'shop/dev/B', to: 'shop/prod/B' },
    ],
    twins: [],
  });
  expect(movesInto(['shop/dev/B'], '').moves).toEqual([{ from: 'shop/dev/B', to: 'B' }]);
});

test('two keys that would get the same name are found, also if one is there already', () => {
  expect(movesInto(['shop/dev/A', 'B', 'shop/prod/A'], 'shop/qa').twins).toEqual(['shop/dev/A', 'shop/prod/A']);
  expect(movesInto(['shop/prod/A', 'A'], 'shop/prod').twins).toEqual(['shop/prod/A', 'A']);
});

test('slashes and blanks around a folder do not matter, and folders are suggested once', () => {
  expect([' shop/prod/ ', '/shop/prod', 'shop/prod', '', '/'].map(folderOf)).toEqual([
    'shop/prod',
    'shop/prod',
    'shop/prod',
    '',
    '',
  ]);
  expect(foldersOf(['b/x', 'A', 'a/b/x', 'b/y'])).toEqual(['a/b', 'b']);
});
