/**
 * Replaces values in a stream of bytes, also where chunks cut them in two. It is the automaton of Aho and Corasick ("Efficient string
 * matching", 1975): each byte costs the same, however many values there are and however long they are.
 */

import { Transform, type TransformCallback } from 'node:stream';
import { minMaskedBytes } from '../../core/limits.ts';

const mask = Buffer.from('***');

/** What is looked for: values of at least `minMaskedBytes`, the lines of those that have several, and how JSON writes them. */
export function patternsOf(values: Iterable<string>): Buffer[] {
  const texts = new Set<string>();
  for (const value of values) {
    for (const text of [value, ...value.split(/[\r\n]+/)]) {
      texts.add(text);
      texts.add(JSON.stringify(text).slice(1, -1));
    }
  }
  return [...texts].map((text) => Buffer.from(text)).filter((bytes) => bytes.length >= minMaskedBytes);
}

/** The states of the automaton in arrays: state 0 is the root, and 0 also stands for "none". */
class Automaton {
  readonly #byte: Uint8Array;
  /** Children are a list: the first one, and from each the next one. */
  readonly #firstChild: Int32Array;
  readonly #nextChild: Int32Array;
  /** The longest proper end of what this state has read that is the beginning of a pattern. */
  readonly #fallback: Int32Array;
  /** How many bytes of a pattern this state has read. */
  readonly depth: Int32Array;
  /** The length of the longest pattern that ends here; 0 for none. */
  readonly found: Int32Array;
  readonly #root = new Int32Array(256);

  constructor(patterns: readonly Buffer[]) {
    const size = 1 + patterns.reduce((sum, { length }) => sum + length, 0);
    this.#byte = new Uint8Array(size);
    this.#firstChild = new Int32Array(size);
    this.#nextChild = new Int32Array(size);
    this.#fallback = new Int32Array(size);
    this.depth = new Int32Array(size);
    this.found = new Int32Array(size);
    let count = 1;
    for (const pattern of patterns) {
      let state = 0;
      for (const byte of pattern) {
        let child = this.#child(state, byte);
        if (child === 0) {
          child = count++;
          this.#add(state, child, byte);
        }
        state = child;
      }
      this.found[state] = pattern.length;
    }
    this.#linkFallbacks(count);
  }

  #child(state: number, byte: number): number {
    if (state === 0) return this.#root[byte] ?? 0;
    let child = this.#firstChild[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#nextChild[child] ?? 0;
    return child;
  }

  #add(state: number, child: number, byte: number): void {
    this.#byte[child] = byte;
    this.depth[child] = (this.depth[state] ?? 0) + 1;
    this.#nextChild[child] = this.#firstChild[state] ?? 0;
    this.#firstChild[state] = child;
    if (state === 0) this.#root[byte] = child;
  }

  /** In the order of depth, so that a fallback is known before it is needed. */
  #linkFallbacks(count: number): void {
    const queue = new Int32Array(count);
    let end = 1;
    for (let at = 0; at < end; at++) {
      const state = queue[at] ?? 0;
      for (let child = this.#firstChild[state] ?? 0; child !== 0; child = this.#nextChild[child] ?? 0) {
        queue[end++] = child;
        if (state === 0) continue;
        const fallback = this.step(this.#fallback[state] ?? 0, this.#byte[child] ?? 0);
        this.#fallback[child] = fallback;
        if (this.found[child] === 0) this.found[child] = this.found[fallback] ?? 0;
      }
    }
  }

  step(from: number, byte: number): number {
    let state = from;
    for (;;) {
      const child = this.#child(state, byte);
      if (child !== 0 || state === 0) return child;
      state = this.#fallback[state] ?? 0;
    }
  }
}

/** A stretch of bytes that is masked. */
interface Stretch {
  from: number;
  to: number;
  /** Whether its `***` has been passed on already, as the stretch goes on into what is kept. */
  isOpen: boolean;
}

/** Passes bytes on, with `***` in place of every pattern. What may be the beginning of one is kept until that is decided. */
export class Masker {
  readonly #automaton: Automaton;
  #state = 0;
  /** Bytes that are not passed on yet, and what of them is masked; in order, and they do not overlap. */
  #kept: Buffer = Buffer.alloc(0);
  #stretches: Stretch[] = [];

  constructor(patterns: readonly Buffer[]) {
    this.#automaton = new Automaton(patterns);
  }

  write(chunk: Buffer): Buffer {
    const start = this.#kept.length;
    const bytes = start === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    for (let at = start; at < bytes.length; at++) {
      this.#state = this.#automaton.step(this.#state, bytes[at] ?? 0);
      const length = this.#automaton.found[this.#state] ?? 0;
      if (length > 0) this.#mark(at + 1 - length, at + 1);
    }
    return this.#pass(bytes, bytes.length - (this.#automaton.depth[this.#state] ?? 0));
  }

  /** What is kept at the end of the stream. */
  end(): Buffer {
    return this.#pass(this.#kept, this.#kept.length);
  }

  /** Masks a stretch that ends later than all others. Those that it overlaps become part of it. */
  #mark(from: number, to: number): void {
    const stretch: Stretch = { from, to, isOpen: false };
    for (
      let last = this.#stretches.at(-1);
      last !== undefined && last.to > stretch.from;
      last = this.#stretches.at(-1)
    ) {
      stretch.from = Math.min(stretch.from, last.from);
      stretch.isOpen ||= last.isOpen;
      this.#stretches.pop();
    }
    this.#stretches.push(stretch);
  }

  /** Passes on what lies before a place, and keeps the rest. No later pattern begins before that place. */
  #pass(bytes: Buffer, end: number): Buffer {
    const out: Buffer[] = [];
    const later: Stretch[] = [];
    let at = 0;
    for (const { from, to, isOpen } of this.#stretches) {
      if (from < end) {
        out.push(bytes.subarray(at, from));
        if (!isOpen) out.push(mask);
        at = Math.min(to, end);
      }
      if (to > end) later.push({ from: Math.max(0, from - end), to: to - end, isOpen: isOpen || from < end });
    }
    out.push(bytes.subarray(at, end));
    this.#kept = Buffer.from(bytes.subarray(end));
    this.#stretches = later;
    return Buffer.concat(out);
  }
}

/** A masker as a stream. */
export function maskingStream(patterns: readonly Buffer[]): Transform {
  const masker = new Masker(patterns);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      done(null, masker.write(chunk));
    },
    flush(done: TransformCallback) {
      done(null, masker.end());
    },
  });
}
