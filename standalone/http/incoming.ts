/** The bytes that a client sends, read as far as they are needed and never later than a deadline. */

/** The client took too long. */
export class Late extends Error {
  override name = 'Late';
}

/** The client has ended the connection in the middle of a request. */
export class Gone extends Error {
  override name = 'Gone';
}

type Read = { done: boolean; value?: Uint8Array | undefined };

const nothing = new Uint8Array();

/** One connection's input. Only the code that owns it may use it: streams belong to the request that made them. */
export class Incoming {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #ahead: Promise<Read> | undefined;
  #isLate = false;
  #hasEnded = false;
  /** What was received and not taken yet. */
  bytes: Uint8Array = nothing;
  /** Milliseconds since 1970, after which `expire` gives up. */
  deadline = Number.POSITIVE_INFINITY;

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  /**
   * Waits for more bytes and adds them to `bytes`. Returns how many; 0 if the client has ended.
   *
   * @throws Late after the deadline.
   */
  async more(): Promise<number> {
    const { value = nothing } = await this.#next();
    this.#ahead = undefined;
    this.bytes = this.bytes.length === 0 ? value : join(this.bytes, value);
    return value.length;
  }

  /** Takes up to so many bytes; with none at hand, waits for some. @throws Late, Gone */
  async take(most: number): Promise<Uint8Array> {
    if (this.bytes.length === 0 && (await this.more()) === 0) throw new Gone();
    const taken = this.bytes.subarray(0, most);
    this.bytes = this.bytes.subarray(taken.length);
    return taken;
  }

  /** Calls `left` if the client ends before the next `more`. At most one read is ahead, so a client that goes on sending waits. */
  watch(left: () => void): void {
    if (this.#hasEnded) left();
    else this.#next().then(({ done }) => done && left(), left);
  }

  /** Ends the wait for a client that is past its deadline. */
  expire(now: number): void {
    if (now > this.deadline) this.giveUp();
  }

  /** Reads nothing more. */
  giveUp(): void {
    this.#isLate = true;
    this.#reader.cancel().catch(() => {});
  }

  /** Reads and drops what still comes, until the client ends or the deadline has passed. */
  async drain(): Promise<void> {
    this.bytes = nothing;
    try {
      while ((await this.more()) > 0) this.bytes = nothing;
    } catch {
      // It is gone or late.
    }
  }

  #next(): Promise<Read> {
    this.#ahead ??= this.#read();
    return this.#ahead;
  }

  async #read(): Promise<Read> {
    if (this.#hasEnded) return { done: true };
    let read: Read = { done: true };
    try {
      do read = await this.#reader.read();
      while (!read.done && read.value?.length === 0);
    } catch {
      // The connection was reset, or given up.
    }
    if (this.#isLate) throw new Late();
    this.#hasEnded = read.done;
    return read;
  }
}

const join = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};
