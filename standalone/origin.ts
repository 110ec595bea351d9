/** Tells the worker where a request comes from, as the gate does where there is one. */
import type { TrustedProxies } from '../core/network/address.ts';
import { clientOf } from '../core/network/forwarded.ts';
import type { PlainRequest } from './http/plain-request.ts';

/** Headers that the worker takes as true. */
const claims = ['CF-Connecting-IP', 'X-Forwarded-Proto', 'X-Forwarded-Port'];

/**
 * Takes the client's own claims out of a request, and sets the client's address, host, port and scheme where a trusted proxy may
 * name them. Without either it changes nothing: the worker reads the socket's address.
 */
export const nameClient = ({ headers, cf }: PlainRequest, proxies: TrustedProxies): void => {
  if (proxies.length === 0 && !claims.some((claim) => headers.has(claim))) return;
  const { address, isOverTls, host, port } = clientOf(cf.clientIp, (name) => headers.get(name), proxies);
  for (const claim of claims) headers.delete(claim);
  headers.set('CF-Connecting-IP', address);
  if (isOverTls) headers.set('X-Forwarded-Proto', 'https');
  if (port !== null) headers.set('X-Forwarded-Port', port);
  if (host !== null) headers.set('Host', host);
};
