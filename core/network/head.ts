/**
 * Reads the head of an HTTP/1.1 request (RFC 9112), strictly: what two readers could read differently is an error. The standalone vault
 * reads all requests with it, the gate those with a method that Node.js does not know.
 */
import { remembered } from '../remembered.ts';
import type { HeaderFacts, RequestLine } from './admission.ts';
import { answers } from './answers.ts';
import type { ErrorAnswer } from './error-answers.ts';
import { hopByHop } from './hop-by-hop.ts';

/** The head of a request, as `admit` judges it, and what the server itself needs. */
export interface Head extends RequestLine, HeaderFacts {
  method: string;
  url: string;
  /** The headers that the worker gets, with names in lower case. */
  headers: [name: string, value: string][];
  /** Whether the client, or the absence of an answer to it, ends the connection after this request. */
  isLast: boolean;
  expect: string | null;
}

const [lf, cr] = [10, 13];
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const requestLine = new RegExp(`^(${token}) ([!-~]+) HTTP/(1\\.[01])$`);
const headerName = new RegExp(`^${token}$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is rejected.
const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/**
 * Where the first head in these bytes ends.
 *
 * @param from where the last search ended; every line before it was whole.
 * @returns `end`, the index behind the empty line; or `from`, where to go on when there are more bytes; or undefined if a
 *   line does not end in CR LF.
 */
export function findHeadEnd(bytes: Uint8Array, from: number): { end: number } | { from: number } | undefined {
  let line = from;
  for (;;) {
    const end = bytes.indexOf(lf, line);
    if (end < 0) return { from: line };
    if (end === line || bytes[end - 1] !== cr) return undefined;
    if (end === line + 1) return { end: end + 1 };
    line = end + 1;
  }
}

/** Parses a head without its empty line. */
export function parseHead(text: string): Head | ErrorAnswer {
  const [first = '', ...lines] = text.split('\r\n');
  const [, method, url, httpVersion] = requestLine.exec(first) ?? [];
  if (method === undefined || url === undefined || httpVersion === undefined) return answers.malformed;
  const hosts: string[] = [];
  const head: Head = {
    method,
    url,
    httpVersion,
    headers: [],
    isLast: httpVersion === '1.0',
    bytes: 0,
    authorizationBytes: 0,
    hosts,
    contentLength: null,
    transferEncoding: null,
    upgrade: null,
    expect: null,
    hasCookie: false,
  };
  if (control.test(text)) return answers.malformed;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const lower = nameInLowerCase(line.slice(0, Math.max(0, colon)));
    if (lower === null) return answers.malformed;
    const value = withoutBlanks(line, colon + 1);
    if (lower === 'authorization') head.authorizationBytes += value.length;
    else head.bytes += line.length + 2;
    if (lower === 'cookie') head.hasCookie = true;
    if (lower === 'host') hosts.push(value);
    if (!hopByHop.has(lower)) head.headers.push([lower, value]);
    else if (!readHopByHop(head, lower, value)) return answers.malformed;
  }
  // The body would have two ends.
  if (head.contentLength !== null && head.transferEncoding !== null) return answers.malformed;
  if (head.transferEncoding !== null && httpVersion === '1.0') return answers.malformed;
  return head;
}

/** Whether a body follows. */
export function hasBody({
  contentLength,
  transferEncoding,
}: Pick<Head, 'contentLength' | 'transferEncoding'>): boolean {
  return transferEncoding !== null || Number(contentLength ?? 0) > 0;
}

/** What follows `start`, without blanks and tabs at both ends. Not a pattern: those take quadratic time for many blanks. */
export function withoutBlanks(line: string, start: number): string {
  let from = start;
  let to = line.length;
  while (from < to && isBlank(line.charCodeAt(from))) from++;
  while (to > from && isBlank(line.charCodeAt(to - 1))) to--;
  return line.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A header's name in lower case; null if it is none. The same ones come again and again. */
const nameInLowerCase = remembered((name) => (headerName.test(name) ? name.toLowerCase() : null));

/** Returns false if the header contradicts itself or another one. */
function readHopByHop(head: Head, name: string, value: string): boolean {
  if (name === 'content-length') {
    if (head.contentLength !== null || !/^\d{1,15}$/.test(value)) return false;
    head.contentLength = value;
  } else if (name === 'transfer-encoding') {
    head.transferEncoding = head.transferEncoding === null ? value : `${head.transferEncoding}, ${value}`;
  } else if (name === 'connection') {
    const options = value.toLowerCase().split(/[ \t]*,[ \t]*/);
    if (options.includes('close')) head.isLast = true;
    else if (options.includes('keep-alive')) head.isLast = false;
  } else if (name === 'upgrade') head.upgrade = value;
  else if (name === 'expect') head.expect = value;
  return true;
}
