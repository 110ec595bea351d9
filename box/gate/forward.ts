/** Passes admitted requests on to the worker, over connections that are reused. */
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { HttpLimits } from '../../core/limits.ts';
import { answers } from '../../core/network/answers.ts';
import { type ErrorAnswer, notRunning } from '../../core/network/error-answers.ts';
import { gateHeader } from '../../core/network/gate-header.ts';
import { askHeader, refusalOfHead } from '../../core/network/large-body.ts';
import { createShare } from '../../core/network/share.ts';
import { endToEndHeaders } from './headers.ts';
import { sendError } from './send-error.ts';

const methodsWithBody = ['POST', 'PUT', 'PATCH'];
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/** Where the worker listens. */
export type Address = ({ socketPath: string } | { host: string; port: number }) & {
  /** What the worker expects of the gate. */
  secret?: string;
};

/** An admitted request, with its whole body, and the response to write. */
export interface Exchange {
  /** Whose request it is, as `holderOf` writes it. */
  holder: string;
  req: IncomingMessage;
  res: ServerResponse;
  /** Path and query. */
  path: string;
  /** Name, value, name, value. */
  headers: string[];
  body: Buffer | undefined;
}

/** workerd closes connections that were idle for 5 s. Closing them earlier avoids a request on one that is being closed. */
const maxUpstreamIdleMs = 4_000;

/** An answer that is not larger is kept until it is whole. */
const maxWholeBytes = 64 * 1024;

/** How often to try to reach a worker that is being reloaded. */
const reconnectIntervalMs = 50;

/** Whether nobody listens there. */
function isRefused({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

/**
 * Makes a forwarder.
 *
 * @param upstream the worker's current address; undefined while it is not running.
 */
export function createForwarder(upstream: () => Address | undefined, limits: HttpLimits) {
  const agent = new Agent({ keepAlive: true, maxSockets: limits.maxUpstreamConnections, timeout: maxUpstreamIdleMs });
  const requests = createShare(limits.maxRequestsInFlight);

  function forward(exchange: Exchange): void {
    const { req, res, headers, body, holder } = exchange;
    const { method = '' } = req;
    if (res.destroyed) return;
    const refused = requests.take(holder, 1);
    if (refused !== undefined) {
      sendError(req, res, refused === 'full' ? answers.tooManyRequests : answers.ownShareUsed);
      return;
    }
    res.once('close', () => requests.give(holder, 1));
    if (body !== undefined || methodsWithBody.includes(method))
      headers.push('Content-Length', String(body?.length ?? 0));
    send(exchange, safeMethods.includes(method));
  }

  function send(exchange: Exchange, mayRetry: boolean, since = Date.now()): void {
    const { req, res, path, headers, body } = exchange;
    if (res.destroyed) return;
    const address = upstream();
    if (address === undefined) {
      sendError(req, res, notRunning);
      return;
    }
    const { secret, ...target } = address;
    const known = secret === undefined ? headers : [...headers, gateHeader, secret];
    const sent = request({ agent, ...target, method: req.method, path, headers: known, timeout: limits.maxUpstreamMs });
    const abandon = () => sent.destroy();
    res.once('close', abandon);
    sent.on('response', (reply) => answer(res, reply));
    sent.on('timeout', () => {
      sendError(req, res, answers.upstreamTimeout);
      sent.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      res.off('close', abandon);
      if (res.headersSent) res.destroy();
      // The worker may close a reused connection just as a request is written to it. Only reads are safe to repeat.
      else if (sent.reusedSocket && mayRetry) send(exchange, false);
      // A worker that is being reloaded has no socket for a moment. Nothing was sent to it.
      else if ('socketPath' in address && isRefused(error) && Date.now() - since < limits.maxReloadMs)
        setTimeout(() => send(exchange, mayRetry, since), reconnectIntervalMs);
      else sendError(req, res, isRefused(error) ? notRunning : answers.connectionLost);
    });
    sent.end(body);
  }

  /** Passes an answer on: a small one whole, so that it is one packet, and others as they come. */
  function answer(res: ServerResponse, reply: IncomingMessage): void {
    const { kept, contentLength } = endToEndHeaders(reply.rawHeaders);
    /** Returns the timer that cuts off a client which reads nothing. */
    const begin = () => {
      res.writeHead(reply.statusCode ?? 502, reply.statusMessage, kept);
      const stalled = setTimeout(() => res.destroy(), limits.maxAnswerStallMs);
      res.once('close', () => clearTimeout(stalled));
      return stalled;
    };
    reply.on('error', () => res.destroy());
    if (contentLength !== null && Number(contentLength) <= maxWholeBytes) {
      const chunks: Buffer[] = [];
      reply
        .on('data', (chunk: Buffer) => void chunks.push(chunk))
        .on('end', () => {
          begin();
          res.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
        });
      return;
    }
    const stalled = begin();
    reply.on('data', () => stalled.refresh()).pipe(res);
  }

  /** Asks the worker about the head of a request whose body is large. Returns the answer, if the body is not to follow. */
  function ask({ req, path, headers }: Exchange): Promise<ErrorAnswer | undefined> {
    const address = upstream();
    if (address === undefined) return Promise.resolve(notRunning);
    const { secret, ...target } = address;
    const known = [...headers, askHeader, 'credential', 'Content-Length', '0'];
    if (secret !== undefined) known.push(gateHeader, secret);
    return new Promise((resolve) => {
      const sent = request({
        agent,
        ...target,
        method: req.method,
        path,
        headers: known,
        timeout: limits.maxUpstreamMs,
      });
      sent.on('response', (reply) => {
        const chunks: Buffer[] = [];
        reply
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('error', () => resolve(answers.connectionLost))
          .on('end', () => {
            const header = (name: string) => [reply.headers[name.toLowerCase()]].flat()[0];
            resolve(refusalOfHead(reply.statusCode ?? 502, Buffer.concat(chunks).toString(), header));
          });
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', (error: NodeJS.ErrnoException) =>
        resolve(isRefused(error) ? notRunning : answers.connectionLost),
      );
      sent.end();
    });
  }

  return { forward, ask, close: () => agent.destroy() };
}
