/**
 * Headers, a request and a response as plain objects. They take the place of the runtime's own between this server and the worker, which
 * run in one isolate. An object of the runtime costs some 20 µs and a visit of the garbage collector, and an audited read needs three.
 * They have what the worker and Hono use of the originals. `plain.test.ts` compares them.
 */

type Pairs = Iterable<readonly [name: string, value: string]>;

/** As `Headers` of the Fetch Standard, but of names and values that have been checked already. */
export class PlainHeaders {
  /** What many responses begin with. They share it, so it is never changed. */
  #shared: ReadonlyMap<string, string>;
  /** Those of this one. They take the place of shared ones of the same name. */
  #own: Map<string, string>;
  /** Several cookies are several lines (RFC 6265, section 3). */
  #cookies: string[] = [];

  /** @param pairs names in lower case; a name may occur more than once, as in a request. */
  constructor(pairs: Pairs, shared: ReadonlyMap<string, string> = nothing) {
    this.#shared = shared;
    this.#own = valuesOf(pairs);
  }

  /** Those of a list that many responses begin with, which stays as it is. */
  static of(list: Pairs): PlainHeaders {
    let shared = lists.get(list);
    if (shared === undefined) {
      shared = valuesOf(list);
      lists.set(list, shared);
    }
    return new PlainHeaders([], shared);
  }

  /** The shared part, for what is made of it once; undefined unless all of it counts. The rest is what `own` has. */
  get shared(): ReadonlyMap<string, string> | undefined {
    for (const name of this.#own.keys()) if (this.#shared.has(name)) return undefined;
    return this.#shared;
  }

  /** Those that are not shared. */
  *own(): Generator<[string, string]> {
    yield* this.#own;
    for (const cookie of this.#cookies) yield [setCookie, cookie];
  }

  get(name: string): string | null {
    const lower = name.toLowerCase();
    if (lower === setCookie) return this.#cookies.length > 0 ? this.#cookies.join(', ') : null;
    return this.#own.get(lower) ?? this.#shared.get(lower) ?? null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies = [value];
    else this.#own.set(lower, value);
  }

  append(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies.push(value);
    else {
      const before = this.get(lower);
      this.#own.set(lower, before === null ? value : `${before}, ${value}`);
    }
  }

  delete(name: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies = [];
    if (this.#shared.has(lower)) {
      this.#own = new Map([...this.#shared, ...this.#own]);
      this.#shared = nothing;
    }
    this.#own.delete(lower);
  }

  getSetCookie(): string[] {
    return [...this.#cookies];
  }

  forEach(callback: (value: string, name: string, headers: PlainHeaders) => void): void {
    for (const [name, value] of this) callback(value, name, this);
  }

  *keys(): Generator<string> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<string> {
    for (const [, value] of this) yield value;
  }

  entries(): Iterator<[string, string]> & Iterable<[string, string]> {
    return this[Symbol.iterator]();
  }

  /** In the order in which they were set; the originals are sorted by name. */
  *[Symbol.iterator](): Generator<[string, string]> {
    for (const [name, value] of this.#shared) yield [name, this.#own.get(name) ?? value];
    for (const pair of this.own()) if (!this.#shared.has(pair[0])) yield pair;
  }
}

const setCookie = 'set-cookie';
const nothing: ReadonlyMap<string, string> = new Map();
const lists = new WeakMap<Pairs, ReadonlyMap<string, string>>();

const valuesOf = (pairs: Pairs): Map<string, string> => {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return values;
};
