/** The gate: the process that faces the network, in front of a worker that only this machine can reach. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpLimits, httpLimits } from '../../core/limits.ts';
import type { TrustedProxies } from '../../core/network/address.ts';
import { shareBodyMemory } from '../../core/network/body.ts';
import { isStoring, spaceHeader } from '../../core/space.ts';
import { admit, answerToParseError } from './admission.ts';
import { answers } from './answers.ts';
import { readBody } from './body.ts';
import { type Address, createForwarder } from './forward.ts';
import { type RequestHeaders, readRequestHeaders } from './headers.ts';
import { sendError, sendErrorOnSocket } from './send-error.ts';

/** Node.js stops parsing here. The gate's own limits are lower, and tell a long token from long headers. */
const maxParserHeaderBytes = 256 * 1024;

/** How often a gate that is closing looks for connections that have become idle. */
const idleCheckIntervalMs = 50;

export interface GateOptions {
  /** The worker's current address; undefined while it is not running. */
  upstream: () => Address | undefined;
  /** Peers whose Forwarded and X-Forwarded-* headers count. None by default. */
  trustedProxies?: TrustedProxies;
  limits?: Partial<HttpLimits>;
  /** Whether the disk is nearly full, which the worker is told. */
  isSpaceLow?: () => boolean;
}

/**
 * Makes the HTTP server that passes valid requests on to the worker and answers all others itself, with
 * `{"error": "..."}`. It hides the runtime's own paths and headers, sets the client's
 * address, and limits what a client can use up. It logs nothing.
 */
export function createGate(options: GateOptions): Server {
  const limits = { ...httpLimits, ...options.limits };
  const forwarder = createForwarder(options.upstream, limits);
  const openAccount = shareBodyMemory(limits);
  const responses = new WeakMap<Duplex, ServerResponse>();

  function handle(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    responses.set(req.socket, res);
    const headers = readRequestHeaders(req.rawHeaders, req.socket.remoteAddress ?? '', options.trustedProxies);
    const path = admit(req, headers, limits);
    if (options.isSpaceLow && isStoring(req.method ?? '', String(path)) && options.isSpaceLow()) {
      headers.forwarded.push(spaceHeader, 'low');
    }
    if (typeof path !== 'string') {
      sendError(req, res, path);
    } else if (hasBody(headers)) {
      if (expectsContinue) res.writeContinue();
      void forwardWithBody(req, res, path, headers.forwarded);
    } else {
      req.resume();
      forwarder.forward({ req, res, path, headers: headers.forwarded, body: undefined });
    }
  }

  async function forwardWithBody(req: IncomingMessage, res: ServerResponse, path: string, headers: string[]) {
    const account = openAccount(Date.now());
    res.once('close', () => account.release());
    const body = await readBody(req, account);
    if (Buffer.isBuffer(body)) {
      forwarder.forward({ req, res, path, headers, body });
      return;
    }
    account.release();
    if (body === undefined) res.destroy();
    else sendError(req, res, body);
  }

  function handleParseError(error: NodeJS.ErrnoException, socket: Duplex): void {
    const response = responses.get(socket);
    // A response that has begun cannot be followed by another one: it goes out as far as it was written.
    if (socket instanceof Socket && response?.headersSent && !response.writableFinished) socket.destroySoon();
    else sendErrorOnSocket(socket, answerToParseError(error, limits));
  }

  const server = createServer({
    maxHeaderSize: maxParserHeaderBytes,
    requireHostHeader: false,
    insecureHTTPParser: false,
    headersTimeout: limits.maxHeadersMs,
    requestTimeout: limits.maxRequestMs,
    connectionsCheckingInterval: Math.min(1_000, limits.maxHeadersMs),
    keepAliveTimeout: limits.keepAliveMs,
  });
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  server.on('request', (req, res) => handle(req, res, false));
  server.on('checkContinue', (req, res) => handle(req, res, true));
  server.on('checkExpectation', (req, res) => sendError(req, res, answers.unsupportedExpectation));
  server.on('connect', (_req, socket: Duplex) => sendErrorOnSocket(socket, answers.methodNotAllowed));
  server.on('clientError', handleParseError);
  server.on('close', forwarder.close);
  return server;
}

function hasBody({ transferEncoding, contentLength }: RequestHeaders): boolean {
  return transferEncoding !== null || Number(contentLength ?? 0) > 0;
}

/** Stops accepting, lets pending requests finish for up to `graceMs`, then closes their connections. */
export async function closeGate(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Repeatedly, since a connection becomes idle only when its last request has been answered.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckIntervalMs);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
