import { expect, test } from 'vitest';
import { httpLimits } from '../limits.ts';
import { joinChunks, shareBodyMemory } from './body.ts';

const limits = { ...httpLimits, maxBodyBytes: 100, maxBodyMemoryBytes: 250, maxBodyStallMs: 10, maxRequestMs: 30 };

test('a body may have exactly maxBodyBytes, whatever its chunks', () => {
  const account = shareBodyMemory(limits)(0, 'a');
  expect([60, 40, 0].map((bytes) => account.add(bytes, 1))).toEqual([undefined, undefined, undefined]);
  expect(account.add(1, 1)).toMatchObject({ status: 413 });
});

test('waits maxBodyStallMs for a chunk, and no longer than maxRequestMs for the whole', () => {
  const account = shareBodyMemory(limits)(1_000, 'a');
  expect([1_000, 1_015, 1_025, 1_030, 1_099].map((now) => account.waitMs(now))).toEqual([10, 10, 5, 0, 0]);
  expect(account.add(1, 1_029)).toBeUndefined();
  expect(account.add(1, 1_030)).toMatchObject({ status: 408 });
});

test('all bodies share maxBodyMemoryBytes, and a released one gives its bytes back once', () => {
  const open = shareBodyMemory(limits);
  const [first, second, third, fourth] = ['a', 'b', 'c', 'd'].map((holder) => open(0, holder)) as [
    ReturnType<typeof open>,
    ReturnType<typeof open>,
    ReturnType<typeof open>,
    ReturnType<typeof open>,
  ];
  expect([first, second].map((account) => account.add(100, 0))).toEqual([undefined, undefined]);
  expect(third.add(51, 0)).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
  expect(third.add(50, 0)).toBeUndefined();
  first.release();
  first.release();
  expect(fourth.add(100, 0)).toBeUndefined();
  expect(open(0, 'e').add(1, 0)).toMatchObject({ status: 503 });
});

test('one sender gets no more memory than is left for the others', () => {
  const open = shareBodyMemory(limits);
  expect(open(0, 'a').add(100, 0)).toBeUndefined();
  expect(open(0, 'a').add(26, 0)).toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
  expect(open(0, 'a').add(25, 0)).toBeUndefined();
  expect(open(0, 'b').add(100, 0)).toBeUndefined();
});

test('a rejected chunk takes no memory', () => {
  const open = shareBodyMemory(limits);
  const account = open(0, 'a');
  for (let i = 0; i < 10; i++) expect(account.add(101, 0)).toMatchObject({ status: 413 });
  expect(open(0, 'a').add(100, 0)).toBeUndefined();
});

test('joins chunks in order, and does not copy a single one', () => {
  const [one, two] = [Uint8Array.of(1, 2), Uint8Array.of(3)];
  expect(joinChunks([one, two], 3)).toEqual(Uint8Array.of(1, 2, 3));
  expect(joinChunks([one], 2)).toBe(one);
  expect(joinChunks([], 0)).toEqual(new Uint8Array());
});
