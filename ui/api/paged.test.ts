import { expect, test } from 'vitest';
import { fetchAll } from './paged.ts';

test('asks until there is no next page, and counts meanwhile', async () => {
  const pages: Record<string, { items: number[]; next: string | undefined }> = {
    '': { items: [1, 2], next: 'b' },
    b: { items: [3], next: 'c' },
    c: { items: [], next: undefined },
  };
  const counts: number[] = [];
  const found = await fetchAll(
    async (after) => pages[after] ?? { items: [], next: undefined },
    (count) => counts.push(count),
  );
  expect(found).toEqual([1, 2, 3]);
  expect(counts).toEqual([2, 3, 3]);
});
