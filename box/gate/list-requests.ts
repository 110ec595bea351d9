/**
 * Requests with the method LIST, which Node.js does not parse. Its parser stops at the third letter and has found by then where the request
 * begins: behind the end of the request before. From there the head is read by the vault's own parser, and the request is passed on as a GET.
 * Then the connection ends, and whatever follows the head is dropped. So no byte is read twice, and nothing that comes after a LIST is ever
 * taken for a request: there are no two opinions about where one ends (RFC 9112, section 11.2).
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { maxHeadBytes, maxRejectedDrainMs } from '../../core/limits.ts';
import { answers } from '../../core/network/answers.ts';
import type { ErrorAnswer } from '../../core/network/error-answers.ts';
import { findHeadEnd, type Head, parseHead, withoutBlanks } from '../../core/network/head.ts';
import { asGet, listMethod } from '../../core/network/list-method.ts';
import { sendErrorOnSocket } from './send-error.ts';

/** What Node.js reports of bytes that it does not parse. It goes on reporting all that follows on that connection. */
export interface ParseError extends NodeJS.ErrnoException {
  bytesParsed?: number;
  rawPacket?: Buffer;
}

interface Receiving {
  bytes: Buffer;
  /** Where to go on looking for the end of the head. */
  from: number;
  /** Whether the head is there. */
  isWhole: boolean;
}

/** The letters before the one at which the parser stops. If they are in an earlier packet, nobody knows that they were these. */
const begun = 'LI';

/** The bytes of a packet from the beginning of a LIST on; undefined if the parser has stopped at something else. */
function listIn({ code, bytesParsed = 0, rawPacket }: ParseError): Buffer | undefined {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined || bytesParsed < begun.length) return undefined;
  const start = bytesParsed - begun.length;
  const bytes = rawPacket.subarray(start);
  // UNLINK is a method, too, so that the parser stops at the same letter of UNLIST.
  const isWithinWord = rawPacket.subarray(Math.max(0, start - 2), start).toString('latin1') === 'UN';
  const line = `${listMethod} `;
  return !isWithinWord && line.startsWith(bytes.subarray(0, line.length).toString('latin1')) ? bytes : undefined;
}

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Makes a function that takes what Node.js reports as an error, and returns whether it was about a LIST.
 *
 * @param enqueue runs a request when those before it on the connection are answered.
 */
export function createListRequests(
  enqueue: (socket: Socket, res: ServerResponse, run: () => void) => void,
  answer: Answer,
) {
  const connections = new WeakMap<Duplex, Receiving>();

  return function take(error: ParseError, socket: Duplex): boolean {
    if (!(socket instanceof Socket)) return false;
    const known = connections.get(socket);
    if (known?.isWhole) {
      // More bytes, or the timer for a head that Node.js is still waiting for. What else goes wrong ends the connection.
      if (error.rawPacket === undefined && error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroy();
      return true;
    }
    const bytes = known ? error.rawPacket : listIn(error);
    if (bytes === undefined) return false;
    const receiving = known ?? { bytes: Buffer.alloc(0), from: 0, isWhole: false };
    connections.set(socket, receiving);
    receiving.bytes = Buffer.concat([receiving.bytes, bytes]);
    const head = headIn(receiving);
    if (head === undefined) return true;
    receiving.isWhole = true;
    receiving.bytes = Buffer.alloc(0);
    if ('head' in head) run(socket, head.head, head.raw);
    else sendErrorOnSocket(socket, head);
    return true;
  };

  function run(socket: Socket, head: Head, raw: string[]): void {
    const req = requestOf(socket, head, raw);
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.once('finish', () => {
      res.detachSocket(socket);
      endAfter(socket);
      res.emit('close');
    });
    enqueue(socket, res, () => {
      res.assignSocket(socket);
      answer(req, res);
    });
  }
}

/** The head, once it has arrived whole; undefined until then; an error answer if it is malformed or too large. */
function headIn(receiving: Receiving): { head: Head; raw: string[] } | ErrorAnswer | undefined {
  const { bytes, from } = receiving;
  const found = findHeadEnd(bytes, from);
  if (found === undefined) return answers.malformed;
  if (!('end' in found)) {
    receiving.from = found.from;
    return bytes.length > maxHeadBytes ? answers.headersTooLarge : undefined;
  }
  if (found.end > maxHeadBytes) return answers.headersTooLarge;
  const text = bytes.toString('latin1', 0, found.end - 4);
  const head = parseHead(text);
  return 'method' in head ? { head: asGet(head), raw: rawHeaders(text) } : head;
}

/** Name, value, name, value, as Node.js gives them. @param text a head that was parsed. */
function rawHeaders(text: string): string[] {
  return text
    .split('\r\n')
    .slice(1)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), withoutBlanks(line, colon + 1)];
    });
}

function requestOf(socket: Socket, { method, url, httpVersion }: Head, raw: string[]): IncomingMessage {
  const req = new IncomingMessage(socket);
  Object.assign(req, { method, url, httpVersion, httpVersionMajor: 1, httpVersionMinor: Number(httpVersion.slice(2)) });
  req.rawHeaders = raw;
  req.complete = true;
  req.push(null);
  return req;
}

/** Ends a connection, and reads and drops for a moment what still comes: closing at once would reset it, and the answer with it. */
function endAfter(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), maxRejectedDrainMs);
  socket.once('close', () => clearTimeout(timer));
}
