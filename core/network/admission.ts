/** Decides, from a request's head alone, whether the server that faces the network passes it on. */
import type { HttpLimits } from '../limits.ts';
import { remembered } from '../remembered.ts';
import { answers, methods } from './answers.ts';
import { bodyTooLarge, type ErrorAnswer } from './error-answers.ts';
import { isHost } from './host.ts';
import { maxBodyBytesOf } from './large-body.ts';
import { asKeyQuery, authorityOf, isInternal, normaliseRequestTarget } from './request-target.ts';

/** The request line. `httpVersion` is `1.1` or `1.0`. */
export interface RequestLine {
  method?: string | undefined;
  /** The request target as it was sent. */
  url?: string | undefined;
  httpVersion: string;
}

/** What decides in the headers. A header that is missing is null. */
export interface HeaderFacts {
  /** The size of all headers but Authorization, which has its own limit. */
  bytes: number;
  authorizationBytes: number;
  hosts: readonly string[];
  contentLength: string | null;
  transferEncoding: string | null;
  upgrade: string | null;
  hasCookie: boolean;
}

/** The path and query to ask the worker for, or the answer that says why it is not asked. */
export function admit(
  { method = '', url = '', httpVersion }: RequestLine,
  headers: HeaderFacts,
  limits: HttpLimits,
): string | ErrorAnswer {
  if (!methods.includes(method)) return answers.methodNotAllowed;
  if (url.length > limits.maxRequestTargetBytes) return answers.requestTargetTooLong;
  const { path, leadsInside } = readTarget(url);
  if (path === undefined) return answers.badRequestTarget;
  const admitted = leadsInside ? keyInQuery(path, headers) : path;
  if (admitted === undefined) return answers.notFound;
  return (
    checkHost(headers, httpVersion, url) ??
    checkFraming(headers) ??
    checkSizes(headers, limits, maxBodyBytesOf(method, admitted, limits)) ??
    admitted
  );
}

/** The same keys are asked for again and again, and a name with percent signs takes three parsed URLs. */
const readTarget = remembered((url) => {
  const path = normaliseRequestTarget(url);
  return { path, leadsInside: path !== undefined && isInternal(path.split('?', 1)[0] as string) };
});

/** Somebody who presents no credential has no key, so a path that could lead to the runtime does not exist. */
function keyInQuery(path: string, { authorizationBytes, hasCookie }: HeaderFacts): string | undefined {
  return authorizationBytes > 0 || hasCookie ? asKeyQuery(path) : undefined;
}

/** Rejects every Host that is not one host (RFC 9112, section 3.2), and one that contradicts the request line. */
function checkHost({ hosts }: HeaderFacts, httpVersion: string, url: string): ErrorAnswer | undefined {
  const [host] = hosts;
  if (host === undefined) return httpVersion === '1.0' ? undefined : answers.badHost;
  if (hosts.length > 1 || !isWellFormed(host)) return answers.badHost;
  const authority = authorityOf(url);
  return authority === undefined || authority === authorityOf(`http://${host}/`) ? undefined : answers.badHost;
}

const isWellFormed = remembered((host) => isHost(host) && URL.canParse(`http://${host}/`));

/** Rejects messages that two readers could take apart differently (RFC 9112, section 6.1). */
function checkFraming({ transferEncoding, upgrade }: HeaderFacts): ErrorAnswer | undefined {
  if (transferEncoding !== null && transferEncoding.toLowerCase() !== 'chunked') return answers.badEncoding;
  // A server may ignore an offer of HTTP/2; a client that asks for another protocol needs an answer.
  if (upgrade !== null && upgrade.toLowerCase() !== 'h2c') return answers.upgrade;
  return undefined;
}

function checkSizes(headers: HeaderFacts, limits: HttpLimits, maxBodyBytes: number): ErrorAnswer | undefined {
  if (headers.authorizationBytes > limits.maxAuthorizationBytes) return answers.tokenTooLong;
  if (headers.bytes > limits.maxHeaderBytes) return answers.headersTooLarge;
  if (Number(headers.contentLength ?? 0) > maxBodyBytes) return bodyTooLarge(maxBodyBytes);
  return undefined;
}
