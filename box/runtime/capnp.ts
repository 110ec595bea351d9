/**
 * Cap'n Proto messages as trees that can be changed, without their schema (https://capnproto.org/encoding.html). What nobody
 * changes is written back as it was read, so a message of a newer schema loses nothing.
 */

/** Data, then pointers; `dataWords` and the number of pointers say which version of the schema wrote it. */
export interface Struct {
  kind: 'struct';
  /** A multiple of 8 bytes. */
  data: Uint8Array;
  pointers: Node[];
}

/** A list of numbers, bits or bytes: texts too, with a zero at the end. */
export interface Blob {
  kind: 'blob';
  /** 0 to 5, as in the encoding: void, bit, 1, 2, 4 and 8 bytes. */
  elementSize: number;
  count: number;
  bytes: Uint8Array;
}

interface PointerList {
  kind: 'pointers';
  items: Node[];
}

interface StructList {
  kind: 'structs';
  items: Struct[];
}

/** What a pointer points to; undefined is a null pointer. */
export type Node = Struct | Blob | PointerList | StructList | undefined;

const wordBytes = 8;
const bitsOf = [0, 1, 8, 16, 32, 64];
const pointerList = 6;
const structList = 7;

/** Nothing in a config is deeper; a message that points into itself would be endless. */
const maxDepth = 64;

/** Longer ones are sources. */
const maxTextBytes = 256;

/** Reads a message. @throws Error if it is not one. */
export function readMessage(bytes: Uint8Array): Struct {
  const segments = segmentsOf(bytes);
  const root = readPointer(segments, 0, 0, 0);
  if (root?.kind !== 'struct') throw new Error('The message has no root');
  return root;
}

/** Writes a message, in one segment. */
export function writeMessage(root: Struct): Uint8Array {
  const out = new Output();
  out.writePointer(out.allocate(1), root);
  const words = out.take();
  const message = new Uint8Array(wordBytes + words.length);
  new DataView(message.buffer).setUint32(4, words.length / wordBytes, true);
  message.set(words, wordBytes);
  return message;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function textNode(text: string): Blob {
  const bytes = encoder.encode(`${text}\0`);
  return { kind: 'blob', elementSize: 2, count: bytes.length, bytes };
}

/** The text that a pointer points to; undefined if it is none. */
export function textOf(node: Node): string | undefined {
  return node?.kind === 'blob' && node.elementSize === 2 ? decoder.decode(node.bytes.subarray(0, -1)) : undefined;
}

/** The structs in a list; none if it is another kind of list, or missing. */
export function structsIn(node: Node): Struct[] {
  return node?.kind === 'structs' ? node.items : [];
}

function segmentsOf(bytes: Uint8Array): DataView[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true) + 1;
  let at = Math.ceil((4 + 4 * count) / wordBytes) * wordBytes;
  return Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(4 + 4 * i, true) * wordBytes;
    if (at + length > bytes.byteLength) throw new Error('The message is cut off');
    const segment = new DataView(bytes.buffer, bytes.byteOffset + at, length);
    at += length;
    return segment;
  });
}

/** @param word where the pointer is, in words from the beginning of the segment. */
function readPointer(segments: DataView[], segment: number, word: number, depth: number): Node {
  if (depth > maxDepth) throw new Error('The message is too deep');
  const view = segments[segment];
  if (view === undefined) throw new Error('The message has no such segment');
  const low = view.getUint32(word * wordBytes, true);
  const high = view.getUint32(word * wordBytes + 4, true);
  if (low === 0 && high === 0) return undefined;
  const target = word + 1 + (low >> 2);
  switch (low & 3) {
    case 0:
      return readStruct(segments, segment, target, high & 0xffff, high >>> 16, depth);
    case 1:
      return readList(segments, segment, target, high & 7, high >>> 3, depth);
    case 2:
      return readFar(segments, high, low >>> 3, (low & 4) !== 0, depth);
    default:
      throw new Error('The message has a capability');
  }
}

/** A pointer to a pointer in another segment; or to a pair: where the content is, and what it is. */
function readFar(segments: DataView[], segment: number, word: number, isDouble: boolean, depth: number): Node {
  if (!isDouble) return readPointer(segments, segment, word, depth + 1);
  const pad = segments[segment];
  if (pad === undefined) throw new Error('The message has no such segment');
  const [at, inSegment] = [pad.getUint32(word * wordBytes, true) >>> 3, pad.getUint32(word * wordBytes + 4, true)];
  const [tagLow, tagHigh] = [pad.getUint32(word * wordBytes + 8, true), pad.getUint32(word * wordBytes + 12, true)];
  if ((tagLow & 3) === 0) return readStruct(segments, inSegment, at, tagHigh & 0xffff, tagHigh >>> 16, depth);
  return readList(segments, inSegment, at, tagHigh & 7, tagHigh >>> 3, depth);
}

function bytesAt(segments: DataView[], segment: number, word: number, length: number): Uint8Array {
  const view = segments[segment];
  if (view === undefined || word < 0 || word * wordBytes + length > view.byteLength)
    throw new Error('The message points to nothing');
  return new Uint8Array(view.buffer, view.byteOffset + word * wordBytes, length);
}

function readStruct(
  segments: DataView[],
  segment: number,
  word: number,
  dataWords: number,
  pointerCount: number,
  depth: number,
): Struct {
  return {
    kind: 'struct',
    data: bytesAt(segments, segment, word, dataWords * wordBytes),
    pointers: Array.from({ length: pointerCount }, (_, i) =>
      readPointer(segments, segment, word + dataWords + i, depth + 1),
    ),
  };
}

function readList(
  segments: DataView[],
  segment: number,
  word: number,
  elementSize: number,
  count: number,
  depth: number,
): Node {
  if (elementSize === pointerList) {
    const items = Array.from({ length: count }, (_, i) => readPointer(segments, segment, word + i, depth + 1));
    return { kind: 'pointers', items };
  }
  if (elementSize !== structList) {
    const length = Math.ceil((count * (bitsOf[elementSize] as number)) / 8);
    return { kind: 'blob', elementSize, count, bytes: bytesAt(segments, segment, word, length) };
  }
  // A word says how many structs there are, and of which size.
  const view = segments[segment] as DataView;
  const structs = view.getUint32(word * wordBytes, true) >>> 2;
  const size = view.getUint32(word * wordBytes + 4, true);
  const [dataWords, pointerCount] = [size & 0xffff, size >>> 16];
  return {
    kind: 'structs',
    items: Array.from({ length: structs }, (_, i) =>
      readStruct(segments, segment, word + 1 + i * (dataWords + pointerCount), dataWords, pointerCount, depth),
    ),
  };
}

/** One segment that grows. */
class Output {
  #bytes = new Uint8Array(1 << 20);
  #view = new DataView(this.#bytes.buffer);
  #words = 0;

  /** Makes room for so many words, all zero. Returns where, in words. */
  allocate(words: number): number {
    const at = this.#words;
    this.#words += words;
    if (this.#words * wordBytes > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#words * wordBytes));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#words * wordBytes);
  }

  /** Writes what a pointer points to, and the pointer. */
  writePointer(word: number, node: Node): void {
    if (node === undefined) return;
    if (node.kind === 'struct') {
      const dataWords = node.data.length / wordBytes;
      const at = this.allocate(dataWords + node.pointers.length);
      // An empty struct points to itself: all zero would be null.
      const isEmpty = dataWords + node.pointers.length === 0;
      this.#setPointer(word, isEmpty ? word : at, 0, dataWords | (node.pointers.length << 16));
      this.#writeStruct(at, dataWords, node);
    } else if (node.kind === 'blob') {
      const at = this.allocate(Math.ceil(node.bytes.length / wordBytes));
      this.#bytes.set(node.bytes, at * wordBytes);
      this.#setPointer(word, at, 1, node.elementSize | (node.count << 3));
    } else if (node.kind === 'pointers') {
      const at = this.allocate(node.items.length);
      this.#setPointer(word, at, 1, pointerList | (node.items.length << 3));
      node.items.forEach((item, i) => void this.writePointer(at + i, item));
    } else this.#writeStructs(word, node.items);
  }

  /** All structs of a list have the size of the largest. */
  #writeStructs(word: number, items: Struct[]): void {
    const dataWords = Math.max(0, ...items.map(({ data }) => data.length / wordBytes));
    const pointerCount = Math.max(0, ...items.map(({ pointers }) => pointers.length));
    const words = items.length * (dataWords + pointerCount);
    const at = this.allocate(1 + words);
    this.#setPointer(word, at, 1, structList | (words << 3));
    this.#view.setUint32(at * wordBytes, items.length << 2, true);
    this.#view.setUint32(at * wordBytes + 4, dataWords | (pointerCount << 16), true);
    items.forEach((item, i) => void this.#writeStruct(at + 1 + i * (dataWords + pointerCount), dataWords, item));
  }

  #writeStruct(at: number, dataWords: number, { data, pointers }: Struct): void {
    this.#bytes.set(data, at * wordBytes);
    pointers.forEach((pointer, i) => void this.writePointer(at + dataWords + i, pointer));
  }

  #setPointer(word: number, target: number, kind: number, high: number): void {
    this.#view.setUint32(word * wordBytes, (((target - word - 1) << 2) | kind) >>> 0, true);
    this.#view.setUint32(word * wordBytes + 4, high >>> 0, true);
  }
}

/** All short texts in a tree. */
export function* textsIn(node: Node): Generator<string> {
  if (node === undefined) return;
  if (node.kind === 'struct') for (const pointer of node.pointers) yield* textsIn(pointer);
  else if (node.kind !== 'blob') for (const item of node.items) yield* textsIn(item);
  else if (node.count < maxTextBytes) {
    const text = textOf(node);
    if (text !== undefined) yield text;
  }
}
