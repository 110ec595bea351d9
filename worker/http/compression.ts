/**
 * Compression is the runtime's: it encodes a body as its Content-Encoding says. The edge and `wrangler dev` compress by
 * themselves; a bare workerd does what it is told here.
 */

/** Marks a response as one that may be compressed, if the client can read it (RFC 9110, section 12.5.3). */
export const compressed = (request: Request, headers: Headers): void => {
  headers.append('Vary', 'Accept-Encoding');
  // The edge and `wrangler dev` put a header of their own in the client's place, and tell here what the client said.
  const cf = request.cf as { clientAcceptEncoding?: string } | undefined;
  if (!acceptsGzip(cf?.clientAcceptEncoding ?? request.headers.get('Accept-Encoding') ?? '')) return;
  headers.set('Content-Encoding', 'gzip');
  headers.delete('Content-Length');
};

const acceptsGzip = (accepted: string) =>
  accepted.split(',').some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
