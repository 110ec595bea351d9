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
export interface Address {
  host: string;
  port: number;
  /** What the worker expects of the gate. */
  secret?: string;
}

/** An admitted request, with its whole body, and the response to write. */
interface Exchange {
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

  function send(exchange: Exchange, mayRetry: boolean): void {
    const { req, res, path, headers, body } = exchange;
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
    sent.on('response', (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.statusMessage, endToEndHeaders(reply.rawHeaders));
      const stalled = setTimeout(() => res.destroy(), limits.maxAnswerStallMs);
      res.once('close', () => clearTimeout(stalled));
      reply
        .on('data', () => stalled.refresh())
        .on('error', () => res.destroy())
        .pipe(res);
    });
    sent.on('timeout', () => {
      sendError(req, res, answers.upstreamTimeout);
      sent.destroy();
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      res.off('close', abandon);
      if (res.headersSent) res.destroy();
      // The worker may close a reused connection just as a request is written to it. Only reads are safe to repeat.
      else if (sent.reusedSocket && mayRetry) send(exchange, false);
      else sendError(req, res, error.code === 'ECONNREFUSED' ? notRunning : answers.connectionLost);
    });
    sent.end(body);
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
        resolve(error.code === 'ECONNREFUSED' ? notRunning : answers.connectionLost),
      );
      sent.end();
    });
  }

  return { forward, ask, close: () => agent.destroy() };
}
