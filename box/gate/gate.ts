import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BlockList, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answer, answerSocket, type GateAnswer } from './answer.ts';
import { BodyRoom, readBody } from './body.ts';
import { type Address, createForwarder } from './forward.ts';
import { type RequestHeaders, readRequestHeaders } from './headers.ts';
import { isInternal, normaliseTarget } from './target.ts';

/** What one caller may take of the vault. Times in milliseconds, sizes in bytes. */
export const defaultLimits = {
  bodyBytes: 1024 * 1024,
  /** All bodies being read at one moment together. */
  bodiesBytes: 64 * 1024 * 1024,
  /** The header section without Authorization. */
  headerBytes: 16 * 1024,
  authorizationBytes: 8 * 1024,
  targetBytes: 16 * 1024,
  connections: 4096,
  /** Requests with the worker. Each has a connection of its own: a queue of slow sign-ins must not hold up the rest. */
  inFlight: 512,
  upstreamConnections: 512,
  headersMs: 10_000,
  /** A whole request, its body included. */
  requestMs: 30_000,
  bodyStallMs: 10_000,
  upstreamMs: 30_000,
  /** Longer than common reverse proxies keep theirs, so that they close first. */
  keepAliveMs: 65_000,
};

/** Beyond this Node stops parsing, and we cannot tell a long token from a long header any more. */
const parserHeaderBytes = 256 * 1024;

/** How often those who wait for the end look for connections that have nothing under way any more. */
const idleCheckMs = 50;

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const hostForm = /^(?=.{1,255}$)(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

export interface GateOptions {
  /** The worker's address now; undefined while it is not running. */
  upstream: () => Address | undefined;
  /** Peers whose X-Forwarded-For and X-Forwarded-Proto are believed (`parseTrustedProxies`). None if absent. */
  trustedProxies?: BlockList | undefined;
  limits?: Partial<typeof defaultLimits>;
}

/**
 * The only part of the vault that faces the network: an HTTP server that passes on to the worker what it understood,
 * and answers the rest itself with `{"error": "..."}`. It keeps callers away from the runtime's own paths and headers,
 * says who they are, and bounds what they can take. It logs nothing.
 */
export function createGate(options: GateOptions): Server {
  const limits = { ...defaultLimits, ...options.limits };
  const { forward, close } = createForwarder(options.upstream, limits);
  const room = new BodyRoom(limits.bodiesBytes);
  const responses = new WeakMap<Duplex, ServerResponse>();

  async function pass(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): Promise<void> {
    responses.set(req.socket, res);
    const read = readRequestHeaders(req.rawHeaders, req.socket.remoteAddress ?? '', options.trustedProxies);
    const path = admit(req, read, limits);
    if (typeof path !== 'string') {
      answer(req, res, path);
      return;
    }
    const headers = read.forwarded;
    if (read.transferEncoding === undefined && Number(read.contentLength ?? 0) === 0) {
      req.resume();
      forward({ req, res, path, headers, body: undefined });
      return;
    }
    if (expectsContinue) res.writeContinue();
    const reading = readBody(req, room, limits.bodyBytes, limits.bodyStallMs);
    res.once('close', reading.release);
    const body = await reading.body;
    if (body === 'gone') res.destroy();
    else if (typeof body === 'string') answer(req, res, bodyRefusals[body]);
    else forward({ req, res, path, headers, body });
  }

  const server = createServer({
    maxHeaderSize: parserHeaderBytes,
    requireHostHeader: false,
    insecureHTTPParser: false,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    keepAliveTimeout: limits.keepAliveMs,
  });
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connections;
  server.on('request', (req, res) => void pass(req, res, false));
  server.on('checkContinue', (req, res) => void pass(req, res, true));
  server.on('checkExpectation', (req, res) => answer(req, res, expectationRefused));
  server.on('connect', (_req, socket: Duplex) => answerSocket(socket, methodRefused));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of a response there is no room for another: what was written of it goes out, and that is all.
    const response = responses.get(socket);
    if (socket instanceof Socket && response?.headersSent && !response.writableFinished) socket.destroySoon();
    else answerSocket(socket, parseRefusal(error));
  });
  server.on('close', close);
  return server;
}

/** Stops accepting, lets requests under way finish for up to `graceMs`, then cuts them. */
export async function closeGate(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Again and again, since a connection is idle only once its last request was answered.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

/** The path to pass on, or why the request is not passed on at all. */
function admit(req: IncomingMessage, read: RequestHeaders, limits: typeof defaultLimits): string | GateAnswer {
  const { method = '', url = '' } = req;
  if (!methods.includes(method)) return methodRefused;
  if (url.length > limits.targetBytes) return refusals.longTarget;
  const target = normaliseTarget(url);
  if (target === undefined) return refusals.badTarget;
  if (isInternal(target.split('?', 1)[0] as string)) return refusals.notFound;
  return framingRefusal(req, read) ?? sizeRefusal(read, limits) ?? target;
}

/** RFC 9112: a message that two readers could take apart differently is refused. */
function framingRefusal(req: IncomingMessage, read: RequestHeaders): GateAnswer | undefined {
  const { hosts, transferEncoding, upgrade } = read;
  if (hosts.length === 0 && req.httpVersion === '1.0') read.forwarded.push('Host', 'localhost');
  else if (hosts.length !== 1 || !hostForm.test(hosts[0] as string)) return refusals.badHost;
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') return refusals.badEncoding;
  // HTTP/2 over plain text is an offer that a server may leave; whoever asks for another protocol needs an answer.
  if (upgrade !== undefined && !/^h2c$/i.test(upgrade)) return refusals.upgrade;
  return undefined;
}

function sizeRefusal(read: RequestHeaders, limits: typeof defaultLimits): GateAnswer | undefined {
  if (read.authorizationSize > limits.authorizationBytes) return refusals.longToken;
  if (read.size > limits.headerBytes) return refusals.longHeaders;
  if (Number(read.contentLength ?? 0) > limits.bodyBytes) return bodyRefusals['too large'];
  return undefined;
}

/** What Node's parser could not make a request of. */
function parseRefusal(error: NodeJS.ErrnoException): GateAnswer {
  if (error.code === 'HPE_HEADER_OVERFLOW') return refusals.longHeaders;
  if (error.code === 'HPE_INVALID_URL') return refusals.badTarget;
  if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return bodyRefusals['too large'];
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return bodyRefusals.stalled;
  return refusals.malformed;
}

const refusals = {
  badEncoding: { status: 400, error: 'This Transfer-Encoding is not supported. Send chunked, or a Content-Length.' },
  badHost: { status: 400, error: 'The Host header is missing, repeated or malformed. Send one, as in localhost:5000.' },
  badTarget: { status: 400, error: 'The URL cannot be read. Send a path that begins with / and is percent-encoded.' },
  longHeaders: { status: 431, error: 'The headers are too large. Send at most 16 KB of them.' },
  longTarget: { status: 414, error: 'The URL is too long. Send at most 16 KB.' },
  longToken: { status: 401, error: 'This token is too long to be one of ours. Sign in again.' },
  malformed: { status: 400, error: 'This is not a well-formed HTTP request.' },
  notFound: { status: 404, error: 'Not found.' },
  upgrade: { status: 400, error: 'The connection cannot be upgraded. Send plain HTTP requests.' },
} satisfies Record<string, GateAnswer>;

const bodyRefusals = {
  'too large': { status: 413, error: 'The body is too large. Send at most 1 MiB.' },
  'no room': { status: 503, error: 'Too much arrives at once. Try again.', headers: { 'Retry-After': '1' } },
  stalled: { status: 408, error: 'The request took too long to arrive. Send it again.' },
} satisfies Record<string, GateAnswer>;

const expectationRefused: GateAnswer = { status: 417, error: 'Only Expect: 100-continue is supported.' };

const methodRefused: GateAnswer = {
  status: 405,
  error: `This method is not supported. Use one of ${methods.join(', ')}.`,
  headers: { Allow: methods.join(', ') },
};
