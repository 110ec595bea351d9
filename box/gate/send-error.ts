/** Sends error answers in a way that lets their caller read them, even while the caller is still sending. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorAnswer, errorBody, errorHeaders } from '../../core/network/error-answers.ts';

/** How long the rest of a rejected body is read and dropped. Closing at once would reset the connection, and the answer with it. */
const maxDrainMs = 1_000;

/** Answers a request. Closes the connection afterwards if the request's body was not read to its end. */
export function sendError(req: IncomingMessage, res: ServerResponse, answer: ErrorAnswer): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const body = errorBody(answer);
  const headers = headersOf(answer, body);
  if (req.complete || !hasBody(req)) {
    res.writeHead(answer.status, headers).end(body);
    return;
  }
  res.writeHead(answer.status, { ...headers, Connection: 'close' });
  if (req.method !== 'HEAD') res.write(body);
  const finish = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, maxDrainMs);
  req.once('end', finish).once('close', finish).resume();
}

/** Answers on a socket that has no request, because there was none or it could not be parsed. Closes the connection. */
export function sendErrorOnSocket(socket: Duplex, answer: ErrorAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status } = answer;
  const body = errorBody(answer);
  const headers = Object.entries({ ...headersOf(answer, body), Connection: 'close' });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.on('error', () => socket.destroy()).resume();
  const timer = setTimeout(() => socket.destroy(), maxDrainMs);
  socket.once('close', () => clearTimeout(timer));
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

function headersOf({ headers }: ErrorAnswer, body: string) {
  return { ...errorHeaders, 'Content-Length': Buffer.byteLength(body), ...headers };
}
