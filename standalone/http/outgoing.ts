/** Writes responses to a client, piece by piece, so that one that reads nothing is noticed. */
import { PlainHeaders } from './plain-headers.ts';
import { PlainResponse } from './plain-response.ts';

const reasons: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const maxPieceBytes = 64 * 1024;
const encoder = new TextEncoder();

/** Framing and connections are decided here and not by the worker. */
const own = /^(?:connection|content-length|keep-alive|transfer-encoding)$/;

const titles = new Map<string, string>();
/** A header's name as most servers write it: `Content-Type`. Empty for one that this server writes itself. */
const titleOf = (name: string): string => {
  let title = titles.get(name);
  if (title === undefined) {
    if (own.test(name)) return '';
    const words = name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
    title = words.replace(/^Etag$/, 'ETag').replace(/\b(?:Www|Xss|Dns)\b/, (word) => word.toUpperCase());
    if (titles.size < 200) titles.set(name, title);
  }
  return title;
};

const writtenOf = (headers: Iterable<readonly [name: string, value: string]>): string => {
  let lines = '';
  for (const [name, value] of headers) {
    const title = titleOf(name);
    if (title !== '') lines += `${title}: ${value}\r\n`;
  }
  return lines;
};

/** The lines of what many responses share, which are written once. */
const sharedLines = new WeakMap<ReadonlyMap<string, string>, string>();

const linesOf = (headers: Response['headers'] | PlainHeaders): string => {
  const shared = headers instanceof PlainHeaders ? headers.shared : undefined;
  if (shared === undefined) return writtenOf(headers);
  let lines = sharedLines.get(shared);
  if (lines === undefined) {
    lines = writtenOf(shared);
    sharedLines.set(shared, lines);
  }
  return lines + writtenOf((headers as PlainHeaders).own());
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
const isAscii = /^[\x00-\x7f]*$/;

/** One connection's output. */
export class Outgoing {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #maxStallMs: number;
  deadline = Number.POSITIVE_INFINITY;

  /** @param maxStallMs how long one piece may take. */
  constructor(writable: WritableStream<Uint8Array>, maxStallMs: number) {
    this.#writer = writable.getWriter();
    this.#maxStallMs = maxStallMs;
  }

  /** Tells the client to send the body that it announced. */
  async sendContinue(): Promise<void> {
    await this.#write(encoder.encode('HTTP/1.1 100 Continue\r\n\r\n'));
  }

  /**
   * Sends a response, compressed if its Content-Encoding says so.
   *
   * @param isLast whether the connection closes after it.
   * @param asked the request's method: HEAD gets no body, and HTTP/1.0 hears that its connection stays.
   */
  async send(response: Response, isLast: boolean, asked: { method: string; httpVersion: string }): Promise<void> {
    const { status } = response;
    const text = textOf(response);
    const mayHaveBody = status !== 204 && status !== 304 && asked.method !== 'HEAD';
    let lines = `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${linesOf(response.headers)}`;
    if (isLast) lines += 'Connection: close\r\n';
    else if (asked.httpVersion === '1.0') lines += 'Connection: keep-alive\r\n';
    // One piece of memory for all of a short answer, which most are.
    if (text !== undefined && mayHaveBody && text.length < maxPieceBytes && isAscii.test(text))
      return this.#write(encoder.encode(`${lines}Content-Length: ${text.length}\r\n\r\n${text}`));
    const stream = text === undefined && mayHaveBody && isStream(response) ? encodedOf(response) : undefined;
    const hasBody = mayHaveBody && stream === undefined;
    const body = hasBody ? (text === undefined ? await bytesOf(response) : encoder.encode(text)) : undefined;
    const length = body?.length ?? (asked.method === 'HEAD' ? response.headers.get('Content-Length') : null);
    const isChunked = stream !== undefined && asked.httpVersion !== '1.0';
    if (isChunked) lines += 'Transfer-Encoding: chunked\r\n';
    else if (length !== null && stream === undefined) lines += `Content-Length: ${length}\r\n`;
    const head = encoder.encode(`${lines}\r\n`);
    const first = new Uint8Array(head.length + Math.min(body?.length ?? 0, maxPieceBytes));
    first.set(head);
    if (body) first.set(body.subarray(0, maxPieceBytes), head.length);
    await this.#write(first);
    if (stream) return this.#pass(stream, isChunked);
    for (let at = maxPieceBytes; at < (body?.length ?? 0); at += maxPieceBytes)
      await this.#write(body?.subarray(at, at + maxPieceBytes) as Uint8Array);
  }

  /** Writes a body of unknown length as it comes: in chunks (RFC 9112, section 7.1), or up to the end of the connection. */
  async #pass(body: ReadableStream<Uint8Array>, isChunked: boolean): Promise<void> {
    const reader = body.getReader();
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        if (read.value.length > 0) await this.#write(isChunked ? chunkOf(read.value) : read.value);
      }
      if (isChunked) await this.#write(lastChunk);
    } catch (error) {
      // The client has left, and whoever makes the body must hear of it.
      reader.cancel().catch(() => {});
      throw error;
    }
  }

  /** Says that nothing more comes. */
  async end(): Promise<void> {
    await this.#writer.close();
  }

  /** Ends the wait for a client that does not read. */
  expire(now: number): void {
    if (now > this.deadline) this.giveUp();
  }

  /** Sends nothing more. */
  giveUp(): void {
    this.#writer.abort().catch(() => {});
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.deadline = Date.now() + this.#maxStallMs;
    await this.#writer.write(bytes);
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

/** The text of a response that is sent as it is, if it is known. */
const textOf = (response: Response): string | undefined =>
  response instanceof PlainResponse && !response.headers.has('Content-Encoding') ? response.knownText : undefined;

/** Whether the worker writes the body while it is sent, so that its length is not known. */
const isStream = ({ body, headers }: Response) => body !== null && headers.get('Transfer-Encoding') === 'chunked';

/** Whether only the end of the connection tells where the answer ends: HTTP/1.0 has no chunks. */
export const endsWithConnection = (response: Response, httpVersion: string): boolean =>
  httpVersion === '1.0' && isStream(response);

const lastChunk = encoder.encode('0\r\n\r\n');

const chunkOf = (bytes: Uint8Array): Uint8Array => {
  const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
  const chunk = new Uint8Array(size.length + bytes.length + 2);
  chunk.set(size);
  chunk.set(bytes, size.length);
  chunk.set([13, 10], size.length + bytes.length);
  return chunk;
};

const encodedOf = ({ body, headers }: Response): ReadableStream<Uint8Array> => {
  const plain = body as ReadableStream<Uint8Array>;
  return headers.get('Content-Encoding') === 'gzip' ? plain.pipeThrough(new CompressionStream('gzip')) : plain;
};

const bytesOf = async (response: Response): Promise<Uint8Array> => {
  if (response.body === null) return new Uint8Array();
  const encoded = response.headers.get('Content-Encoding') === 'gzip' ? new Response(encodedOf(response)) : response;
  return new Uint8Array(await encoded.arrayBuffer());
};
