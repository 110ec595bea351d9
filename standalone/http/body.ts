/** Receives a request's body (RFC 9112, sections 6 and 7) into memory, within the limits that the gate has. */
import { answers } from '../../core/network/answers.ts';
import { type BodyAccount, joinChunks } from '../../core/network/body.ts';
import { bodyTooLarge, type ErrorAnswer, tooSlow } from '../../core/network/error-answers.ts';
import { findHeadEnd, type Head } from '../../core/network/head.ts';
import { type Incoming, Late } from './incoming.ts';

/** The size of a chunk and its extensions; the trailers. */
const maxChunkLineBytes = 1024;
const maxTrailerBytes = 8 * 1024;

const chunkLine = /^([0-9a-f]{1,8})[ \t]*(?:;[\t -~\x80-\uffff]*)?$/i;

/**
 * Reads the body whole. Returns it, or the answer that says why it was not accepted.
 *
 * @param account counts what was read. The caller releases it.
 * @throws Gone if the client ends in the middle of it.
 */
export const receiveBody = async (
  incoming: Incoming,
  head: Head,
  account: BodyAccount,
): Promise<Uint8Array | ErrorAnswer> => {
  const chunks: Uint8Array[] = [];
  const receive = async (bytes: number): Promise<ErrorAnswer | undefined> => {
    for (let left = bytes; left > 0; ) {
      incoming.deadline = Date.now() + account.waitMs(Date.now());
      const chunk = await incoming.take(left);
      const rejection = account.add(chunk.length, Date.now());
      if (rejection) return rejection;
      chunks.push(chunk);
      left -= chunk.length;
    }
    return undefined;
  };
  try {
    const rejection =
      head.contentLength === null
        ? await receiveChunks(incoming, account, receive)
        : await receive(Number(head.contentLength));
    return rejection ?? joinChunks(chunks, account.bytes);
  } catch (error) {
    if (error instanceof Late) return tooSlow;
    throw error;
  }
};

const receiveChunks = async (
  incoming: Incoming,
  account: BodyAccount,
  receive: (bytes: number) => Promise<ErrorAnswer | undefined>,
): Promise<ErrorAnswer | undefined> => {
  for (let overhead = 0; ; ) {
    incoming.deadline = Date.now() + account.waitMs(Date.now());
    const line = await takeLine(incoming);
    const size = Number.parseInt(chunkLine.exec(line ?? '')?.[1] ?? '', 16);
    if (line === undefined || Number.isNaN(size)) return answers.malformed;
    if (size === 0) return skipTrailers(incoming);
    // Many small chunks with long extensions would otherwise be a body without a limit.
    overhead += Math.max(0, line.length - size);
    if (overhead > maxTrailerBytes) return bodyTooLarge(maxTrailerBytes);
    const rejection = await receive(size);
    if (rejection) return rejection;
    if ((await takeLine(incoming)) !== '') return answers.malformed;
  }
};

const decoder = new TextDecoder('latin1');

/** The next line without its CR LF; undefined if it is too long or malformed. */
const takeLine = async (incoming: Incoming): Promise<string | undefined> => {
  let end = incoming.bytes.indexOf(10);
  while (end < 0 && incoming.bytes.length <= maxChunkLineBytes) {
    const known = incoming.bytes;
    if ((await incoming.more()) === 0) return undefined;
    end = incoming.bytes.indexOf(10, known.length);
  }
  if (end < 1 || end > maxChunkLineBytes || incoming.bytes[end - 1] !== 13) return undefined;
  const line = decoder.decode(incoming.bytes.subarray(0, end - 1));
  incoming.bytes = incoming.bytes.subarray(end + 1);
  return line;
};

/** Nothing in the product has a use for trailers. */
const skipTrailers = async (incoming: Incoming): Promise<ErrorAnswer | undefined> => {
  for (let from = 0; incoming.bytes.length <= maxTrailerBytes; ) {
    const found = findHeadEnd(incoming.bytes, from);
    if (found === undefined) return answers.malformed;
    if ('end' in found) {
      incoming.bytes = incoming.bytes.subarray(found.end);
      return undefined;
    }
    from = found.from;
    if ((await incoming.more()) === 0) return answers.malformed;
  }
  return answers.headersTooLarge;
};
