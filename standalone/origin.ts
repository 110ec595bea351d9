/** Tells the worker where a request comes from, as the gate does where there is one. */
import { clientOf, type TrustedProxies } from '../core/network/address.ts';

/** Headers that the worker takes as true. */
const claims = ['CF-Connecting-IP', 'X-Forwarded-Proto'];

/**
 * The request without the client's own claims, and with the client's address where a trusted proxy may name it. Without
 * either, the request itself: the worker reads the socket's address.
 */
export const withClientAddress = (request: Request, proxies: TrustedProxies): Request => {
  if (proxies.length === 0 && !claims.some((claim) => request.headers.has(claim))) return request;
  const { clientIp } = request.cf as unknown as { clientIp: string };
  const headers = new Headers(request.headers);
  const claimed = { forwardedFor: headers.get('X-Forwarded-For'), forwardedProto: headers.get('X-Forwarded-Proto') };
  const { address, isOverTls } = clientOf(clientIp, claimed, proxies);
  for (const claim of claims) headers.delete(claim);
  headers.set('CF-Connecting-IP', address);
  if (isOverTls) headers.set('X-Forwarded-Proto', 'https');
  return new Request(request, { headers });
};
