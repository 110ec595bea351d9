import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { answer, type GateAnswer } from './answer.ts';
import { endToEndHeaders } from './headers.ts';

/** Where the worker listens. */
export interface Address {
  host: string;
  port: number;
}

/** A request that may pass, read to its end, and the response to write. */
export interface Passage {
  req: IncomingMessage;
  res: ServerResponse;
  path: string;
  /** Name, value, name, value. */
  headers: string[];
  body: Buffer | undefined;
}

/** Sends passages to the worker over connections that are kept. */
export interface Forwarder {
  forward: (passage: Passage) => void;
  close: () => void;
}

/** workerd closes a connection that was idle for 5 s. We drop it before that, or a request could meet it closing. */
const upstreamIdleMs = 4_000;

/**
 * @param upstream the worker's address now; undefined while it is not running.
 * @param limits how many requests may be under way, over how many connections, for how long each.
 */
export function createForwarder(
  upstream: () => Address | undefined,
  limits: { inFlight: number; upstreamConnections: number; upstreamMs: number },
): Forwarder {
  const agent = new Agent({ keepAlive: true, maxSockets: limits.upstreamConnections, timeout: upstreamIdleMs });
  let inFlight = 0;

  function forward(passage: Passage): void {
    const { req, res, headers, body } = passage;
    if (res.destroyed) return;
    if (inFlight >= limits.inFlight) {
      answer(req, res, busy);
      return;
    }
    inFlight++;
    res.once('close', () => inFlight--);
    if (body !== undefined || expectsBody(req.method)) headers.push('Content-Length', String(body?.length ?? 0));
    send(passage, isRead(req.method));
  }

  function send(passage: Passage, mayRetry: boolean): void {
    const { req, res, path, headers, body } = passage;
    const address = upstream();
    if (address === undefined) {
      answer(req, res, notRunning);
      return;
    }
    const sent = request({ agent, ...address, method: req.method, path, headers, timeout: limits.upstreamMs });
    const abandon = () => sent.destroy();
    res.once('close', abandon);
    sent.on('response', (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.statusMessage, endToEndHeaders(reply.rawHeaders));
      reply.on('error', () => res.destroy()).pipe(res);
    });
    sent.on('timeout', () => {
      answer(req, res, tooSlow);
      sent.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      res.off('close', abandon);
      if (res.headersSent) res.destroy();
      // A kept connection may close just as we write to it. Asking twice for the same thing is safe only to read.
      else if (sent.reusedSocket && mayRetry) send(passage, false);
      else answer(req, res, error.code === 'ECONNREFUSED' ? notRunning : brokenOff);
    });
    sent.end(body);
  }

  return { forward, close: () => agent.destroy() };
}

function expectsBody(method: string | undefined): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

const notRunning: GateAnswer = {
  status: 503,
  error: 'The vault is starting or restarting. Try again in a moment.',
  headers: { 'Retry-After': '2' },
};
const busy: GateAnswer = {
  status: 503,
  error: 'The vault has too many requests under way. Try again in a moment.',
  headers: { 'Retry-After': '1' },
};
const tooSlow: GateAnswer = { status: 504, error: 'The vault did not answer in time. Try again later.' };
const brokenOff: GateAnswer = {
  status: 502,
  error: 'The vault broke off before it answered; what you asked may have been done or not. Look before you repeat it.',
};
