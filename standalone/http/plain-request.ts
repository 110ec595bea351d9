/** A request as a plain object; see plain-headers.ts. */
import { PlainHeaders } from './plain-headers.ts';

const decoder = new TextDecoder();

/** The part of an `AbortSignal` that the worker uses. Those of the runtime are two objects more for each request with a body. */
export type Departure = Pick<AbortSignal, 'aborted'>;

/** The part of the runtime's `Request` that the worker and Hono use, and `at`. */
export class PlainRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: PlainHeaders;
  readonly cf: { clientIp: string };
  /** Says whether the client has left; absent if nobody watches for that. */
  readonly signal: Departure | undefined;
  readonly #bytes: Uint8Array | undefined;
  bodyUsed = false;

  /**
   * @param url an absolute one, as the URL Standard writes it.
   * @param headers names in lower case, and values without blanks around them.
   */
  constructor(
    url: string,
    {
      method,
      headers,
      clientIp,
      body,
      signal,
    }: {
      method: string;
      headers: Iterable<readonly [name: string, value: string]>;
      clientIp: string;
      body?: Uint8Array | undefined;
      signal?: Departure | undefined;
    },
  ) {
    this.url = url;
    this.method = method;
    this.headers = new PlainHeaders(headers);
    this.cf = { clientIp };
    this.signal = signal;
    this.#bytes = body;
  }

  /** The bytes of the body, in one piece, for `for await`. */
  get body(): AsyncIterable<Uint8Array> | null {
    return this.#bytes === undefined ? null : this.#pieces(this.#bytes);
  }

  /** The same request with a body, or for another address. */
  with(changes: { url?: string; body?: Uint8Array; signal?: Departure }): PlainRequest {
    const { url = this.url, body = this.#bytes, signal = this.signal } = changes;
    const { method, headers } = this;
    return new PlainRequest(url, { method, headers, clientIp: this.cf.clientIp, body, signal });
  }

  async text(): Promise<string> {
    this.bodyUsed = this.#bytes !== undefined;
    return decoder.decode(this.#bytes);
  }

  async *#pieces(bytes: Uint8Array) {
    this.bodyUsed = true;
    yield bytes;
  }
}
