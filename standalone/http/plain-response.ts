/** A response as a plain object; see plain-headers.ts. */
import { PlainHeaders } from './plain-headers.ts';

/** The part of the runtime's `Response` that the worker, Hono and this server use. Its text is known without reading a stream. */
export class PlainResponse {
  readonly status: number;
  readonly headers: PlainHeaders;
  readonly knownText: string;

  /** @param headers names in lower case. A list is read once and stays as it is: many responses begin with the same one. */
  constructor(text: string, status: number, headers: Iterable<readonly [name: string, value: string]>) {
    this.knownText = text;
    this.status = status;
    this.headers = PlainHeaders.of(headers);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /** For whoever makes a response of the runtime of it, as `new Response(plain.body, plain)`. */
  get body(): ReadableStream<Uint8Array> | null {
    return new Response(this.knownText).body;
  }

  async text(): Promise<string> {
    return this.knownText;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Response(this.knownText).arrayBuffer();
  }
}
