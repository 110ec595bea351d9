/** Sorts headers into those that pass through the gate and those that concern only one side of it. */
import type { TrustedProxies } from '../../core/network/address.ts';
import { clientOf, type ForwardingHeader, forwardingHeaders } from '../../core/network/forwarded.ts';
import { gateHeader } from '../../core/network/gate-header.ts';
import { hopByHop } from '../../core/network/hop-by-hop.ts';
import { askHeader } from '../../core/network/large-body.ts';

/** They claim an address, a host or a path, which the gate determines itself. */
const claims = new Set([
  'forwarded',
  askHeader.toLowerCase(),
  gateHeader.toLowerCase(),
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
]);
const forwarding: ReadonlySet<string> = new Set(forwardingHeaders);
const claimPrefix = /^(?:cf-|mf-|x-forwarded|x-miniflare-|x-original-|x-rewrite-)/;

/** What the gate needs from a request's headers, read in one pass. */
export type RequestHeaders = ReturnType<typeof readRequestHeaders>;

/**
 * Reads a request's headers, and adds to those that the worker gets what it believes of a request's origin: CF-Connecting-IP, and,
 * if a trusted proxy names them, X-Forwarded-Proto, X-Forwarded-Port and another Host.
 *
 * @param raw name, value, name, value, as Node.js gives them.
 * @param peer the address at the other end of the connection.
 */
export function readRequestHeaders(raw: readonly string[], peer: string, proxies: TrustedProxies = []) {
  const read = {
    /** Name, value, name, value: what the worker gets. */
    forwarded: [] as string[],
    /** The size of the headers without Authorization, which has its own limit. */
    bytes: 0,
    authorizationBytes: 0,
    hasCookie: false,
    hosts: [] as string[],
    contentLength: null as string | null,
    transferEncoding: null as string | null,
    upgrade: null as string | null,
    /** The client's address. */
    address: '',
  };
  let connection: string | null = null;
  const said: Partial<Record<ForwardingHeader, string>> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'authorization') read.authorizationBytes += value.length;
    else read.bytes += name.length + value.length + 4;
    if (lower === 'cookie') read.hasCookie = true;
    if (lower === 'host') read.hosts.push(value);
    else if (lower === 'content-length') read.contentLength = value;
    else if (lower === 'transfer-encoding') read.transferEncoding = joined(read.transferEncoding, value);
    else if (lower === 'upgrade') read.upgrade = value;
    else if (lower === 'connection') connection = joined(connection, value);
    else if (forwarding.has(lower)) {
      const header = lower as ForwardingHeader;
      said[header] = joined(said[header] ?? null, value);
    }
    if (!hopByHop.has(lower) && !claims.has(lower) && !claimPrefix.test(lower)) read.forwarded.push(name, value);
  }
  if (connection !== null) dropNamed(read.forwarded, connection);
  const { address, isOverTls, host, port } = clientOf(peer, (name) => said[name], proxies);
  // HTTP/1.0 has no Host header. Other requests without one are rejected.
  read.address = address;
  if (host !== null || read.hosts.length === 0) replace(read.forwarded, 'Host', host ?? 'localhost');
  read.forwarded.push('CF-Connecting-IP', address);
  if (isOverTls) read.forwarded.push('X-Forwarded-Proto', 'https');
  if (port !== null) read.forwarded.push('X-Forwarded-Port', port);
  // Default passwords work only where nobody else can try them, and a proxy on this machine opens the vault to others.
  if (Object.keys(said).length > 0) read.forwarded.push('X-Forwarded', 'yes');
  return read;
}

/**
 * The worker's raw response headers without those that concern the connection between gate and worker, and the length of the
 * body, if the worker says it.
 */
export function endToEndHeaders(raw: readonly string[]): { kept: string[]; contentLength: string | null } {
  const kept: string[] = [];
  let contentLength: string | null = null;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const lower = (raw[i] as string).toLowerCase();
    if (lower === 'content-length') contentLength = raw[i + 1] as string;
    if (lower === 'content-length' || !hopByHop.has(lower)) kept.push(raw[i] as string, raw[i + 1] as string);
  }
  return { kept, contentLength };
}

/** Removes the headers that a Connection header names, except those that the worker decides by. */
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

function replace(headers: string[], name: string, value: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]?.toLowerCase() === name.toLowerCase()) headers.splice(i, 2);
  }
  headers.push(name, value);
}

function joined(first: string | null, second: string): string {
  return first === null ? second : `${first}, ${second}`;
}
