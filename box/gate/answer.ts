import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** An answer that the gate gives itself: a status and a sentence that tells the caller what to change. */
export interface GateAnswer {
  status: number;
  error: string;
  headers?: Record<string, string>;
}

const always = {
  'Content-Type': 'application/json; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** For how long the rest of a refused body is thrown away, so that its sender gets to read why. */
const lingerMs = 1_000;

/** Sends the answer; closes the connection after it if the request's body was not read to its end. */
export function answer(req: IncomingMessage, res: ServerResponse, { status, error, headers }: GateAnswer): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const body = serialise(error);
  const section = { ...always, 'Content-Length': body.length, ...headers };
  if (req.complete || !hasBody(req)) {
    res.writeHead(status, section).end(body);
    return;
  }
  // Closing at once, with bytes of the body unread, would reset the connection and take the answer with it.
  res.writeHead(status, { ...section, Connection: 'close' });
  if (req.method !== 'HEAD') res.write(body);
  const finish = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, lingerMs);
  req.once('end', finish).once('close', finish).resume();
}

/** Sends the answer on a socket that has no request: what could not be parsed, or asked to become something else. */
export function answerSocket(socket: Duplex, { status, error, headers }: GateAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = serialise(error);
  const section = Object.entries({ ...always, 'Content-Length': body.length, Connection: 'close', ...headers });
  const lines = section.map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.on('error', () => socket.destroy()).resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function serialise(error: string): Buffer {
  return Buffer.from(`${JSON.stringify({ error })}\n`);
}
