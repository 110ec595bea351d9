import { expect, test } from 'vitest';
import { type Node, readMessage, type Struct, structsIn, textNode, textOf, textsIn, writeMessage } from './capnp.ts';

function struct(data: number[], ...pointers: Node[]): Struct {
  return { kind: 'struct', data: Uint8Array.from(data), pointers };
}

const word = [1, 2, 3, 4, 5, 6, 7, 8];

const tree = struct(
  word,
  textNode('é'),
  undefined,
  { kind: 'blob', elementSize: 1, count: 9, bytes: Uint8Array.of(255, 1) },
  { kind: 'pointers', items: [textNode('a'), undefined, textNode('')] },
  { kind: 'structs', items: [struct(word, textNode('in a list')), struct(word, struct([]))] },
  { kind: 'structs', items: [] },
);

test('what is written is read back', () => {
  expect(readMessage(writeMessage(tree))).toEqual(tree);
});

test('a text longer than the first segment is read back', () => {
  const text = 'x'.repeat(3_000_000);
  expect(textOf(readMessage(writeMessage(struct([], textNode(text)))).pointers[0])).toBe(text);
});

test('structs of one list get the size of the largest', () => {
  const items = [struct(word), struct([...word, ...word], textNode('longer'))];
  const [first, second] = structsIn(readMessage(writeMessage(struct([], { kind: 'structs', items }))).pointers[0]);
  expect(first).toEqual(struct([...word, 0, 0, 0, 0, 0, 0, 0, 0], undefined));
  expect(second).toEqual(items[1]);
});

/** Words as [low, high] pairs, in little endian. */
function message(...segments: [number, number][][]): Uint8Array {
  const header = [segments.length - 1, ...segments.map((words) => words.length)];
  if (header.length % 2 === 1) header.push(0);
  return new Uint8Array(Uint32Array.from([...header, ...segments.flat(2)]).buffer);
}

/** The text "hi". */
const hi: [number, number] = [0x006968, 0];

test('pointers to other segments are followed, single and double', () => {
  const root: [number, number] = [0, 1 << 16];
  const list: [number, number] = [1, 2 | (3 << 3)];
  const far = (offset: number, segment: number, isDouble: number): [number, number] => [
    (offset << 3) | (isDouble << 2) | 2,
    segment,
  ];
  const single = message([root, far(0, 1, 0)], [list, hi]);
  expect(textOf(readMessage(single).pointers[0])).toBe('hi');
  const double = message([root, far(0, 1, 1)], [far(0, 2, 0), list], [hi]);
  expect(textOf(readMessage(double).pointers[0])).toBe('hi');
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['a message that is cut off', writeMessage(tree).subarray(0, 40)],
  ['a null pointer', message([[0, 0]])],
  [
    'a capability',
    message([
      [0, 1 << 16],
      [3, 0],
    ]),
  ],
  ['a pointer to itself', message([[(-1 << 2) >>> 0, 1 << 16]])],
  ['a segment that is not there', message([[2, 7]])],
])('%s: an error', (_, bytes) => {
  expect(() => readMessage(bytes)).toThrow();
});

test('all short texts are found, wherever they are', () => {
  const long = textNode('x'.repeat(300));
  expect([...textsIn(struct([], tree, long))]).toEqual(['é', 'a', '', 'in a list']);
});
