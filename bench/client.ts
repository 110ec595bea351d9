/**
 * A small HTTP/1.1 client for measurements. It takes less of the machine than a full one, and it measures servers that close the
 * connection after each answer as it measures others: connecting anew is part of the time of the request that needs it.
 */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const requestTimeoutMs = 60_000;
const headEnd = Buffer.from('\r\n\r\n');
const crlf = Buffer.from('\r\n');

/** A request as the bytes that are sent. */
export function encodeRequest(url: URL, { method = 'GET', path, headers = {}, body }: HttpRequest): Buffer {
  const all = {
    Host: url.host,
    ...headers,
    ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

/** One connection of a client, which sends one request at a time. */
export class Connection {
  readonly #url: URL;
  #socket: Socket | undefined;
  /** The start of an answer whose head is not complete, or of a line between two chunks. */
  #pending: Buffer = Buffer.alloc(0);
  #answer: Answer | undefined;
  #settle: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;

  constructor(url: URL) {
    this.#url = url;
  }

  /** Sends a request and waits for the last byte of its answer. Returns the status. */
  ask(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket ??= this.#connect();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#answer = undefined;
    this.#pending = Buffer.alloc(0);
  }

  #connect(): Socket {
    const socket = connect({ host: this.#url.hostname, port: Number(this.#url.port), noDelay: true });
    socket.setTimeout(requestTimeoutMs, () => socket.destroy(new Error('timeout')));
    const ifOpen = (act: () => void) => this.#socket === socket && act();
    socket.on('data', (chunk) => ifOpen(() => this.#receive(chunk)));
    socket.on('error', (error) => ifOpen(() => this.#fail(error)));
    socket.on('close', () => ifOpen(() => this.#end()));
    return socket;
  }

  /** The server has closed the connection: that ends an answer without a length. Between two answers it means nothing. */
  #end(): void {
    if (this.#answer?.body === 'until the end') this.#finish(this.#answer);
    else this.#fail(new Error('the connection ended in the middle of an answer'));
  }

  #fail(error: Error): void {
    this.close();
    this.#settle?.reject(error);
    this.#settle = undefined;
  }

  #finish({ status, isLast }: Answer): void {
    this.#answer = undefined;
    if (isLast) this.close();
    this.#settle?.resolve(status);
    this.#settle = undefined;
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    if (this.#answer === undefined) {
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        this.#pending = bytes;
        return;
      }
      this.#answer = parseHead(bytes.toString('latin1', 0, end));
      bytes = bytes.subarray(end + headEnd.length);
    }
    const answer = this.#answer;
    if (answer.body === 'until the end') return;
    if (answer.body === 'chunked') this.#receiveChunks(answer, bytes);
    else {
      answer.left -= bytes.length;
      if (answer.left <= 0) this.#finish(answer);
    }
  }

  /** Skips chunks (RFC 9112, section 7.1). `left` is what is missing of the one that is being received, with its line end. */
  #receiveChunks(answer: Answer, bytes: Buffer): void {
    for (let at = 0; ; ) {
      const skipped = Math.min(answer.left, bytes.length - at);
      answer.left -= skipped;
      at += skipped;
      const line = answer.left === 0 ? bytes.indexOf(crlf, at) : -1;
      if (line < 0) {
        this.#pending = bytes.subarray(at);
        return;
      }
      const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
      at = line + crlf.length;
      if (Number.isNaN(size)) {
        this.#finish(answer);
        return;
      }
      // The last chunk has no bytes, and an empty line follows, which is no number.
      answer.left = size === 0 ? 0 : size + crlf.length;
    }
  }
}

interface Answer {
  status: number;
  isLast: boolean;
  body: 'of a length' | 'chunked' | 'until the end';
  /** The bytes that are missing. */
  left: number;
}

function parseHead(head: string): Answer {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  const isEndless = !isChunked && length === undefined;
  return {
    status: Number(head.slice(9, 12)),
    isLast: isEndless || /\r\nconnection: *close/i.test(head),
    body: isChunked ? 'chunked' : isEndless ? 'until the end' : 'of a length',
    left: isChunked ? 0 : Number(length ?? 0),
  };
}
