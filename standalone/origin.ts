/** Tells the worker where a request comes from, as the gate does where there is one. */
import type { TrustedProxies } from '../core/network/address.ts';
import { clientOf } from '../core/network/forwarded.ts';

/** Headers that the worker takes as true. */
const claims = ['CF-Connecting-IP', 'X-Forwarded-Proto', 'X-Forwarded-Port'];

/**
 * The request without the client's own claims, and with the client's address, host, port and scheme where a trusted proxy may
 * name them. Without either, the request itself: the worker reads the socket's address.
 */
export const withClientAddress = (request: Request, proxies: TrustedProxies): Request => {
  if (proxies.length === 0 && !claims.some((claim) => request.headers.has(claim))) return request;
  const { clientIp } = request.cf as unknown as { clientIp: string };
  const headers = new Headers(request.headers);
  const { address, isOverTls, host, port } = clientOf(clientIp, (name) => request.headers.get(name), proxies);
  for (const claim of claims) headers.delete(claim);
  headers.set('CF-Connecting-IP', address);
  if (isOverTls) headers.set('X-Forwarded-Proto', 'https');
  if (port !== null) headers.set('X-Forwarded-Port', port);
  if (host !== null) headers.set('Host', host);
  return new Request(request, { headers });
};
