import type { BlockList } from 'node:net';
import { clientAddress, isTrusted, plainAddress } from '../box/gate/client.ts';

/** What the worker believes about where a request comes from. */
const claims = ['CF-Connecting-IP', 'X-Forwarded-Proto'];

/**
 * The request with the client's address in the header that the worker reads, and without the client's own claims. The
 * address is the socket's, or what a trusted proxy says.
 */
export const withClientAddress = (request: Request, trusted: BlockList | undefined): Request => {
  // The worker knows the socket's address by itself, unless the request is made anew for its body: mostly nothing is copied.
  const isPlain = trusted === undefined && request.body === null;
  if (isPlain && !claims.some((claim) => request.headers.has(claim))) return request;
  const socket = plainAddress((request.cf as unknown as { clientIp: string }).clientIp);
  const headers = new Headers(request.headers);
  const isOverTls = isTrusted(socket, trusted) && headers.get('X-Forwarded-Proto')?.toLowerCase() === 'https';
  for (const claim of claims) headers.delete(claim);
  headers.set('CF-Connecting-IP', clientAddress(socket, headers.get('X-Forwarded-For') ?? '', trusted));
  if (isOverTls) headers.set('X-Forwarded-Proto', 'https');
  return new Request(request, { headers });
};
