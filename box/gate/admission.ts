/** Decides, from a request's head alone, whether the gate passes it on. */
import type { IncomingMessage } from 'node:http';
import type { HttpLimits } from '../../core/limits.ts';
import { bodyTooLarge, type ErrorAnswer, tooSlow } from '../../core/network/error-answers.ts';
import { isHost } from '../../core/network/host.ts';
import { answers, methods } from './answers.ts';
import type { RequestHeaders } from './headers.ts';
import { asKeyQuery, isInternal, normaliseRequestTarget } from './request-target.ts';

/** The path and query to ask the worker for, or the answer that says why it is not asked. */
export function admit(
  { method = '', url = '', httpVersion }: IncomingMessage,
  headers: RequestHeaders,
  limits: HttpLimits,
): string | ErrorAnswer {
  if (!methods.includes(method)) return answers.methodNotAllowed;
  if (url.length > limits.maxRequestTargetBytes) return answers.requestTargetTooLong;
  const path = normaliseRequestTarget(url);
  if (path === undefined) return answers.badRequestTarget;
  const admitted = isInternal(path.split('?', 1)[0] as string) ? keyInQuery(path, headers) : path;
  if (admitted === undefined) return answers.notFound;
  return checkFraming(headers, httpVersion) ?? checkSizes(headers, limits) ?? admitted;
}

/** Somebody who presents no credential has no key, so a path that could lead to the runtime does not exist. */
function keyInQuery(path: string, { authorizationBytes, hasCookie }: RequestHeaders): string | undefined {
  return authorizationBytes > 0 || hasCookie ? asKeyQuery(path) : undefined;
}

/** Rejects messages that two readers could take apart differently (RFC 9112, sections 3.2 and 6.1). */
function checkFraming(headers: RequestHeaders, httpVersion: string): ErrorAnswer | undefined {
  const { hosts, transferEncoding, upgrade } = headers;
  const mayOmitHost = hosts.length === 0 && httpVersion === '1.0';
  if (!mayOmitHost && (hosts.length !== 1 || !isHost(hosts[0] as string))) return answers.badHost;
  if (transferEncoding !== null && transferEncoding.toLowerCase() !== 'chunked') return answers.badEncoding;
  // A server may ignore an offer of HTTP/2; a client that asks for another protocol needs an answer.
  if (upgrade !== null && upgrade.toLowerCase() !== 'h2c') return answers.upgrade;
  return undefined;
}

function checkSizes(headers: RequestHeaders, limits: HttpLimits): ErrorAnswer | undefined {
  if (headers.authorizationBytes > limits.maxAuthorizationBytes) return answers.tokenTooLong;
  if (headers.bytes > limits.maxHeaderBytes) return answers.headersTooLarge;
  if (Number(headers.contentLength ?? 0) > limits.maxBodyBytes) return bodyTooLarge(limits.maxBodyBytes);
  return undefined;
}

/** The answer to bytes that Node.js's parser rejected. */
export function answerToParseError({ code }: NodeJS.ErrnoException, limits: HttpLimits): ErrorAnswer {
  if (code === 'HPE_HEADER_OVERFLOW') return answers.headersTooLarge;
  if (code === 'HPE_INVALID_URL') return answers.badRequestTarget;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return bodyTooLarge(limits.maxBodyBytes);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow;
  return answers.malformed;
}
