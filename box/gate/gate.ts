/** The gate: the process that faces the network, in front of a worker that only this machine can reach. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpLimits, httpLimits, maxHeadBytes } from '../../core/limits.ts';
import { isTrustedProxy, type TrustedProxies } from '../../core/network/address.ts';
import { admit } from '../../core/network/admission.ts';
import { answers } from '../../core/network/answers.ts';
import { shareBodyMemory } from '../../core/network/body.ts';
import { createSeats } from '../../core/network/connections.ts';
import { maxBodyBytesOf, mayBeLarge } from '../../core/network/large-body.ts';
import { holderOf } from '../../core/network/share.ts';
import { asksForMetrics, newestBackupHeader } from '../../core/newest-backup.ts';
import { isStoring, spaceHeader } from '../../core/space.ts';
import { readBody } from './body.ts';
import { maxOpenFiles, spareConnections, withinFileLimit } from './file-limit.ts';
import { type Address, createForwarder, type Exchange } from './forward.ts';
import { type RequestHeaders, readRequestHeaders } from './headers.ts';
import { createListRequests, type ParseError } from './list-requests.ts';
import { answerToParseError } from './parse-error.ts';
import { sendError, sendErrorOnSocket } from './send-error.ts';
import { createTurns } from './turns.ts';

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
  /** When the newest backup was made, in ms since 1970: for requests for the metrics. Left out if nobody asks for them. */
  newestBackup?: () => Promise<number | undefined>;
}

/**
 * Makes the HTTP server that passes valid requests on to the worker and answers all others itself, with
 * `{"error": "..."}`. It hides the runtime's own paths and headers, sets the client's
 * address, and limits what a client can use up. It logs nothing.
 */
export function createGate(options: GateOptions, shared = createShared(options)): Server {
  const { limits, forwarder, openAccount, takeSeat } = shared;
  const turns = createTurns();
  const responses = new WeakMap<Duplex, ServerResponse>();

  function accept(socket: Socket): void {
    const peer = socket.remoteAddress ?? '';
    const holder = isTrustedProxy(peer, options.trustedProxies ?? []) ? undefined : holderOf(peer);
    const seat = takeSeat(holder, () => socket.destroy());
    if (seat === undefined) {
      socket.destroy();
      return;
    }
    socket.once('close', seat.free);
    turns.open(socket, seat.setIdle);
  }

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
      void forwardWithBody(req, res, path, headers, expectsContinue);
    } else {
      req.resume();
      const holder = holderOf(headers.address);
      const exchange = { req, res, path, headers: headers.forwarded, body: undefined, holder };
      if (options.newestBackup && asksForMetrics(path)) void forwardForMetrics(exchange, options.newestBackup);
      else forwarder.forward(exchange);
    }
  }

  async function forwardForMetrics(exchange: Exchange, newestBackup: () => Promise<number | undefined>) {
    const at = await newestBackup();
    if (at !== undefined) exchange.headers.push(newestBackupHeader, String(at));
    forwarder.forward(exchange);
  }

  async function forwardWithBody(
    req: IncomingMessage,
    res: ServerResponse,
    path: string,
    headers: RequestHeaders,
    expectsContinue: boolean,
  ) {
    const holder = holderOf(headers.address);
    const maxBytes = maxBodyBytesOf(req.method ?? '', path, limits);
    if (mayBeLarge(headers, maxBytes, limits)) {
      const refusal = await forwarder.ask({ req, res, path, headers: headers.forwarded, body: undefined, holder });
      if (refusal) {
        sendError(req, res, refusal);
        return;
      }
    }
    if (expectsContinue) res.writeContinue();
    const account = openAccount(Date.now(), holder, maxBytes);
    res.once('close', () => account.release());
    const body = await readBody(req, account);
    if (Buffer.isBuffer(body)) {
      forwarder.forward({ req, res, path, headers: headers.forwarded, body, holder });
      return;
    }
    account.release();
    if (body === undefined) res.destroy();
    else sendError(req, res, body);
  }

  const takeList = createListRequests(turns.enqueue, (req, res) => handle(req, res, false));

  function handleParseError(error: ParseError, socket: Duplex): void {
    if (takeList(error, socket)) return;
    const response = responses.get(socket);
    // A response that has begun cannot be followed by another one: it goes out as far as it was written.
    if (socket instanceof Socket && response?.headersSent && !response.writableFinished) socket.destroySoon();
    else sendErrorOnSocket(socket, answerToParseError(error, limits));
  }

  const server = createServer({
    maxHeaderSize: maxHeadBytes,
    requireHostHeader: false,
    insecureHTTPParser: false,
    headersTimeout: limits.maxHeadersMs,
    requestTimeout: limits.maxRequestMs,
    connectionsCheckingInterval: Math.min(1_000, limits.maxHeadersMs),
    keepAliveTimeout: limits.keepAliveMs,
  });
  server.maxHeadersCount = 0;
  const inTurn =
    (answer: (req: IncomingMessage, res: ServerResponse) => void) => (req: IncomingMessage, res: ServerResponse) =>
      turns.enqueue(req.socket, res, () => answer(req, res));
  server.on('connection', accept);
  server.on(
    'request',
    inTurn((req, res) => handle(req, res, false)),
  );
  server.on(
    'checkContinue',
    inTurn((req, res) => handle(req, res, true)),
  );
  server.on(
    'checkExpectation',
    inTurn((req, res) => sendError(req, res, answers.unsupportedExpectation)),
  );
  server.on('connect', (_req, socket: Duplex) => sendErrorOnSocket(socket, answers.methodNotAllowed));
  server.on('clientError', handleParseError);
  server.on('close', forwarder.close);
  return server;
}

/** What all gates of one vault share: the limits, and what they bound. */
export function createShared({ upstream, limits: given }: GateOptions) {
  const limits = { ...httpLimits, ...withinFileLimit(maxOpenFiles()), ...given };
  return {
    limits,
    forwarder: createForwarder(upstream, limits),
    openAccount: shareBodyMemory(limits),
    takeSeat: createSeats({ ...limits, maxOpenConnections: limits.maxConnections + spareConnections }),
  };
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
