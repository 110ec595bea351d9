/** The answers to requests that are not passed on to the worker. */
import { httpLimits } from '../limits.ts';
import { type ErrorAnswer, formatBytes } from './error-answers.ts';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export const answers = {
  badEncoding: { status: 400, error: 'Transfer-Encoding must be "chunked". Send that, or a Content-Length instead.' },
  badHost: {
    status: 400,
    error: 'The Host header is missing, repeated or malformed. Send one, for example "Host: localhost:5000".',
  },
  badRequestTarget: { status: 400, error: 'The URL is malformed. Send a percent-encoded path that begins with "/".' },
  connectionLost: {
    status: 502,
    error:
      'The connection to the vault broke before it answered. A change may or may not have been made: check before you repeat it.',
  },
  failed: { status: 500, error: 'Something went wrong in the vault. Its log says what.' },
  headersTooLarge: {
    status: 431,
    error: `The request headers are too large. Send at most ${formatBytes(httpLimits.maxHeaderBytes)}.`,
  },
  malformed: { status: 400, error: 'This is not a valid HTTP/1.1 request. Check the program that sent it.' },
  methodNotAllowed: {
    status: 405,
    error: `This method is not supported. Use one of ${methods.join(', ')}.`,
    headers: { Allow: methods.join(', ') },
  },
  notFound: { status: 404, error: 'Not found.' },
  requestTargetTooLong: {
    status: 414,
    error: `The URL is too long. Send at most ${formatBytes(httpLimits.maxRequestTargetBytes)}.`,
  },
  ownShareUsed: {
    status: 429,
    error: 'Too many requests from your network are in progress. Wait for their answers, or try again in a moment.',
    headers: { 'Retry-After': '1' },
  },
  tokenTooLong: { status: 401, error: 'This token is not valid: it is too long. Sign in again.' },
  tooManyConnections: {
    status: 503,
    error: 'Too many connections are open. Close some, or try again in a moment.',
    headers: { 'Retry-After': '1' },
  },
  tooManyRequests: {
    status: 503,
    error: 'The vault is handling too many requests. Try again in a moment.',
    headers: { 'Retry-After': '1' },
  },
  unsupportedExpectation: {
    status: 417,
    error: 'Only "Expect: 100-continue" is supported. Leave the Expect header out.',
  },
  upgrade: { status: 400, error: 'Protocol upgrades are not supported. Send plain HTTP/1.1 requests.' },
  upstreamTimeout: {
    status: 504,
    error: 'The vault did not answer in time. A change may or may not have been made: check before you repeat it.',
  },
} satisfies Record<string, ErrorAnswer>;
