/**
 * An HTTP/1.1 server over the runtime's TCP sockets. The runtime's own server bounds no connections, ends when it cannot
 * accept one, and takes a part of the path from the Host header; this one answers as the gate does, and bounds what one
 * client may use up.
 */
import { type HttpLimits, httpLimits, maxAnswerToLeftMs, maxHeadBytes, maxRejectedDrainMs } from '../../core/limits.ts';
import { isTrustedProxy, type TrustedProxies } from '../../core/network/address.ts';
import { admit } from '../../core/network/admission.ts';
import { answers } from '../../core/network/answers.ts';
import { shareBodyMemory } from '../../core/network/body.ts';
import { createSeats } from '../../core/network/connections.ts';
import { type ErrorAnswer, tooSlow } from '../../core/network/error-answers.ts';
import { findHeadEnd, type Head, hasBody, parseHead } from '../../core/network/head.ts';
import { askHeader, maxBodyBytesOf, mayBeLarge, mayFollow } from '../../core/network/large-body.ts';
import { asGet } from '../../core/network/list-method.ts';
import { createShare, holderOf } from '../../core/network/share.ts';
import { remembered } from '../../core/remembered.ts';
import { receiveBody } from './body.ts';
import { errorResponse } from './error-response.ts';
import { Gone, Incoming, Late } from './incoming.ts';
import { endsWithConnection, Outgoing } from './outgoing.ts';
import { PlainRequest } from './plain-request.ts';

/** What is served on a socket. */
export interface Service {
  scheme: 'http' | 'https';
  proxies: TrustedProxies;
  /** Writes the client's address into the headers of a request, as the worker reads it. The request comes without its body. */
  identify: (request: PlainRequest) => void;
  /** @param request a `PlainRequest`, as the worker knows it. */
  answer: (request: Request) => Response | Promise<Response>;
}

/** The part of the runtime's sockets that is used. */
export type TcpSocket = Pick<Socket, 'readable' | 'writable' | 'opened' | 'close'>;

/** How often each connection looks at its deadlines and at whether it must leave. */
const tickMs = 200;

/** Some programs send an empty line before a request (RFC 9112, section 2.2). */
const maxEmptyLines = 2;

export interface ServerLimits extends HttpLimits {
  /** The connections that may be open for a moment while idle ones leave. */
  maxOpenConnections: number;
}

/** Makes a function that serves one connection until it ends. All of its connections share the limits. */
export const createServer = (given: Partial<ServerLimits> = {}) => {
  const limits = { ...httpLimits, maxOpenConnections: httpLimits.maxConnections * 1.5, ...given };
  const takeSeat = createSeats(limits);
  const heads = createShare(limits.maxHeadMemoryBytes);
  const requests = createShare(limits.maxRequestsInFlight);
  const openAccount = shareBodyMemory(limits);

  return async function serve(socket: TcpSocket, service: Service): Promise<void> {
    const peer = (await socket.opened).remoteAddress ?? '';
    const holder = holderOf(peer);
    const seat = takeSeat(isTrustedProxy(peer, service.proxies) ? undefined : holder);
    const incoming = new Incoming(socket.readable);
    const outgoing = new Outgoing(socket.writable, limits.maxAnswerStallMs);
    let isIdle = true;
    const timer = setInterval(() => {
      if (isIdle && seat?.mustLeave) incoming.giveUp();
      incoming.expire(Date.now());
      outgoing.expire(Date.now());
    }, tickMs);
    try {
      if (seat === undefined) {
        await outgoing.send(errorResponse(answers.tooManyConnections), true, { method: 'GET', httpVersion: '1.1' });
        return;
      }
      for (let waitMs = limits.maxHeadersMs, isLast = false; !isLast; waitMs = limits.keepAliveMs) {
        const head = await receiveHead(incoming, holder, waitMs);
        if (head === undefined) return;
        isIdle = false;
        seat.setIdle(false);
        isLast = await exchange(incoming, outgoing, head, peer, service, () => seat.mustLeave);
        isIdle = true;
        seat.setIdle(true);
      }
      await outgoing.end();
      incoming.deadline = Date.now() + maxRejectedDrainMs;
      await incoming.drain();
    } catch (error) {
      // Otherwise the client has left, or reads nothing.
      if (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError)
        console.error((error as Error).stack);
    } finally {
      clearInterval(timer);
      seat?.free();
      incoming.giveUp();
      outgoing.giveUp();
      socket.close().catch(() => {});
    }
  };

  /** The next head; the answer to one that is not accepted; undefined if the client has ended, or stays idle for too long. */
  async function receiveHead(incoming: Incoming, holder: string, waitMs: number) {
    let taken = 0;
    try {
      incoming.deadline = Date.now() + waitMs;
      for (let from = 0, emptyLines = 0, hasBegun = false; ; ) {
        const { bytes } = incoming;
        const found = findHeadEnd(bytes, from);
        if (found === undefined) return answers.malformed;
        if ('end' in found) {
          incoming.bytes = bytes.subarray(found.end);
          if (found.end > 2) return parseHead(decoder.decode(bytes.subarray(0, found.end - 4)));
          if (++emptyLines > maxEmptyLines) return answers.malformed;
          continue;
        }
        from = found.from;
        if (bytes.length > maxHeadBytes) return answers.headersTooLarge;
        if (bytes.length > 0 && !hasBegun) {
          hasBegun = true;
          incoming.deadline = Date.now() + limits.maxHeadersMs;
        }
        const refused = heads.take(holder, bytes.length - taken);
        if (refused !== undefined) return refused === 'full' ? answers.tooManyRequests : answers.ownShareUsed;
        taken = bytes.length;
        if ((await incoming.more()) === 0) return undefined;
      }
    } catch (error) {
      if (!(error instanceof Late)) throw error;
      return incoming.bytes.length > 0 ? tooSlow : undefined;
    } finally {
      heads.give(holder, taken);
      incoming.deadline = Number.POSITIVE_INFINITY;
    }
  }

  /** Answers one request. Returns whether the connection ends after it. */
  async function exchange(
    incoming: Incoming,
    outgoing: Outgoing,
    received: Head | ErrorAnswer,
    peer: string,
    service: Service,
    mustLeave: () => boolean,
  ): Promise<boolean> {
    const reject = async (answer: ErrorAnswer, isLast: boolean) => {
      const asked = 'method' in received ? received : { method: 'GET', httpVersion: '1.1' };
      await outgoing.send(errorResponse(answer), isLast, asked);
      return isLast;
    };
    if (!('method' in received)) return reject(received, true);
    const head = asGet(received);
    const path = admit(head, head, limits);
    if (typeof path !== 'string') return reject(path, head.isLast || path.status === 400 || hasBody(head));
    const expects = head.expect?.toLowerCase();
    if (expects !== undefined && expects !== '100-continue') return reject(answers.unsupportedExpectation, true);

    const [host = 'localhost'] = head.hosts;
    const { method, headers } = head;
    if (head.hosts.length === 0) headers.push(['host', host]);
    const request = new PlainRequest(hrefOf(`${service.scheme}://${host}${path}`), { method, headers, clientIp: peer });
    service.identify(request);
    const client = holderOf(request.headers.get('CF-Connecting-IP') ?? peer);
    const maxBytes = maxBodyBytesOf(method, path, limits);
    if (maxBytes > limits.maxBodyBytes) request.headers.delete(askHeader);
    if (mayBeLarge(head, maxBytes, limits)) {
      request.headers.set(askHeader, 'credential');
      const answer = await answerOf(service, request);
      request.headers.delete(askHeader);
      if (answer.status !== mayFollow) {
        await outgoing.send(answer, true, head);
        return true;
      }
    }
    const account = hasBody(head) ? openAccount(Date.now(), client, maxBytes) : undefined;
    try {
      let whole = request;
      let left: Promise<undefined> | undefined;
      if (account !== undefined) {
        if (expects !== undefined && incoming.bytes.length === 0) await outgoing.sendContinue();
        const body = await receiveBody(incoming, head, account);
        incoming.deadline = Number.POSITIVE_INFINITY;
        if (!(body instanceof Uint8Array)) return reject(body, true);
        [whole, left] = withBody(request, body, incoming);
      }
      const refused = requests.take(client, 1);
      if (refused !== undefined)
        return await reject(refused === 'full' ? answers.tooManyRequests : answers.ownShareUsed, head.isLast);
      try {
        const answer = answerOf(service, whole);
        const response = await (left === undefined ? answer : Promise.race([answer, left]));
        if (response === undefined) throw new Gone();
        const isLast = head.isLast || mustLeave() || endsWithConnection(response, head.httpVersion);
        await outgoing.send(response, isLast, head);
        return isLast;
      } finally {
        requests.give(client, 1);
      }
    } finally {
      account?.release();
    }
  }
};

const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** As the URL Standard writes it. */
const hrefOf = remembered((url) => new URL(url).href);

/**
 * The request with its body, and a promise that resolves when its client has left. A client that only closes its side of the
 * connection looks the same, so it gets an answer that comes soon. The worker sees by the signal of the request who has left, and
 * lets nobody wait in a queue who has; when the handler of a connection returns, the runtime runs nothing more of it. A body that came with GET or HEAD has no meaning.
 */
const withBody = (request: PlainRequest, body: Uint8Array, incoming: Incoming): [PlainRequest, Promise<undefined>?] => {
  if (request.method === 'GET' || request.method === 'HEAD') return [request];
  const signal = { aborted: false };
  const left = new Promise<undefined>((resolve) => {
    incoming.watch(() => {
      signal.aborted = true;
      setTimeout(resolve, maxAnswerToLeftMs);
    });
  });
  return [request.with({ body, signal }), left];
};

const answerOf = async (service: Service, request: PlainRequest): Promise<Response> => {
  try {
    return await service.answer(request as unknown as Request);
  } catch (error) {
    console.error(error instanceof Error ? error.stack : error);
    return errorResponse(answers.failed);
  }
};
