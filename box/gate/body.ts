import type { IncomingMessage } from 'node:http';

/** How reading a body ended: the whole of it, or why there is none. */
export type Body = Buffer | 'too large' | 'stalled' | 'gone' | 'no room';

/** Memory that all bodies being read may take together. */
export class BodyRoom {
  free: number;
  constructor(bytes: number) {
    this.free = bytes;
  }
}

/**
 * Reads a request's body into memory. The bytes read so far are taken from `room` until `release` is called.
 *
 * @param maxBytes more than this is 'too large', at the first byte beyond it.
 * @param stallMs without a byte for this long it is 'stalled'.
 */
export function readBody(
  req: IncomingMessage,
  room: BodyRoom,
  maxBytes: number,
  stallMs: number,
): { body: Promise<Body>; release: () => void } {
  const chunks: Buffer[] = [];
  let size = 0;
  const release = () => {
    room.free += size;
    size = 0;
    chunks.length = 0;
  };
  const body = new Promise<Body>((resolve) => {
    const settle = (result: Body) => {
      clearTimeout(timer);
      req.off('data', take).off('end', whole).off('close', gone).off('error', gone);
      if (typeof result === 'string') release();
      resolve(result);
    };
    const timer = setTimeout(() => settle('stalled'), stallMs);
    const take = (chunk: Buffer) => {
      timer.refresh();
      size += chunk.length;
      room.free -= chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) settle('too large');
      else if (room.free < 0) settle('no room');
    };
    const whole = () => settle(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    const gone = () => settle('gone');
    req.on('data', take).on('end', whole).on('close', gone).on('error', gone);
  });
  return { body, release };
}
