import type { BlockList } from 'node:net';
import { clientAddress, isTrusted, plainAddress } from './client.ts';

/** Meaningful for one connection only (RFC 9110 section 7.6.1), or about the body that we frame anew. */
const hopByHop = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Ways to claim an address, a host or a path that we know better. */
const claims = new Set(['forwarded', 'true-client-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-real-ip']);
const claimPrefix = /^(?:cf-|mf-|x-forwarded|x-miniflare-|x-original-|x-rewrite-)/;

/** What the gate must know of a request's header section, read in one pass. */
export interface RequestHeaders {
  /** Name, value, name, value: what goes on to the worker. */
  forwarded: string[];
  /** Bytes of the section without Authorization, which has a limit of its own. */
  size: number;
  authorizationSize: number;
  hosts: string[];
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  upgrade: string | undefined;
}

/** Sorts a request's raw headers into those that go on, with the caller's address added, and those that are for us. */
export function readRequestHeaders(
  raw: readonly string[],
  socketAddress: string,
  trusted: BlockList | undefined,
): RequestHeaders {
  const read: RequestHeaders = {
    forwarded: [],
    size: 0,
    authorizationSize: 0,
    hosts: [],
    contentLength: undefined,
    transferEncoding: undefined,
    upgrade: undefined,
  };
  let connection = '';
  const forwardedFor: string[] = [];
  let forwardedProto = '';
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'authorization') read.authorizationSize += value.length;
    else read.size += name.length + value.length + 4;
    if (lower === 'host') read.hosts.push(value);
    else if (lower === 'content-length') read.contentLength = value;
    else if (lower === 'transfer-encoding') read.transferEncoding = joined(read.transferEncoding, value);
    else if (lower === 'upgrade') read.upgrade = value;
    else if (lower === 'connection') connection = joined(connection || undefined, value);
    else if (lower === 'x-forwarded-for') forwardedFor.push(value);
    else if (lower === 'x-forwarded-proto') forwardedProto = value;
    if (!hopByHop.has(lower) && !claims.has(lower) && !claimPrefix.test(lower)) read.forwarded.push(name, value);
  }
  if (connection !== '') dropNamed(read.forwarded, connection);
  read.forwarded.push('CF-Connecting-IP', clientAddress(socketAddress, forwardedFor.join(','), trusted));
  if (forwardedProto.toLowerCase() === 'https' && isTrusted(plainAddress(socketAddress), trusted)) {
    read.forwarded.push('X-Forwarded-Proto', 'https');
  }
  return read;
}

/** The worker's raw response headers without those that belong to the connection between us and it. */
export function endToEndHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] as string).toLowerCase();
    if (lower === 'content-length' || !hopByHop.has(lower)) kept.push(raw[i] as string, raw[i + 1] as string);
  }
  return kept;
}

/** Removes what a Connection header names, unless that would remove what makes the request what it is. */
function dropNamed(headers: string[], connection: string): void {
  const named = connection
    .toLowerCase()
    .split(',')
    .map((token) => token.trim());
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const lower = (headers[i] as string).toLowerCase();
    if (named.includes(lower) && lower !== 'host' && lower !== 'authorization') headers.splice(i, 2);
  }
}

function joined(first: string | undefined, second: string): string {
  return first === undefined ? second : `${first}, ${second}`;
}
