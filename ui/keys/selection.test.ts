import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import type { KeyRow } from './order.ts';
import { selection } from './selection.ts';

const rowsOf = (names: string) => [...names].map((name) => ({ name }) as KeyRow);
const listOf = (names: string) => {
  const shown = signal<readonly KeyRow[]>(rowsOf(names));
  const chosen = selection(shown);
  return { shown, chosen, names: () => chosen.rows.value.map(({ name }) => name).join('') };
};

test('shift selects, or leaves out, everything up to the last one', () => {
  const { chosen, names } = listOf('abcdef');
  chosen.toggle('b');
  chosen.toggle('e', true);
  expect(names()).toBe('bcde');
  chosen.toggle('d');
  chosen.toggle('b', true);
  expect(names()).toBe('e');
});

test('what a search hides is not touched', () => {
  const { shown, chosen, names } = listOf('abc');
  chosen.all();
  shown.value = rowsOf('b');
  expect(names()).toBe('b');
});

test('ends with nothing selected', () => {
  const { chosen, names } = listOf('abc');
  chosen.all();
  chosen.end();
  expect([names(), chosen.isOn.value]).toEqual(['', false]);
});
