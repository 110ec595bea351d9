/**
 * Headers, a request and a response as plain objects. They take the place of the runtime's own between this server and the worker, which
 * run in one isolate. An object of the runtime costs some 20 µs and a visit of the garbage collector, and an audited read needs three.
 * They have what the worker and Hono use of the originals. `plain.test.ts` compares them.
 */

/** As `Headers` of the Fetch Standard, but of names and values that have been checked already. */
export class PlainHeaders {
  readonly #values: Map<string, string>;
  /** Several cookies are several lines (RFC 6265, section 3). */
  #cookies: string[] = [];

  /** @param pairs names in lower case; a name may occur more than once, as in a request. */
  constructor(pairs: Iterable<readonly [name: string, value: string]>) {
    this.#values = new Map();
    for (const [name, value] of pairs) {
      const before = this.#values.get(name);
      this.#values.set(name, before === undefined ? value : `${before}, ${value}`);
    }
  }

  get(name: string): string | null {
    const lower = name.toLowerCase();
    if (lower === setCookie) return this.#cookies.length > 0 ? this.#cookies.join(', ') : null;
    return this.#values.get(lower) ?? null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies = [value];
    else this.#values.set(lower, value);
  }

  append(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies.push(value);
    else {
      const before = this.#values.get(lower);
      this.#values.set(lower, before === undefined ? value : `${before}, ${value}`);
    }
  }

  delete(name: string): void {
    const lower = name.toLowerCase();
    if (lower === setCookie) this.#cookies = [];
    else this.#values.delete(lower);
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
    yield* this.#values;
    for (const cookie of this.#cookies) yield [setCookie, cookie];
  }
}

const setCookie = 'set-cookie';
