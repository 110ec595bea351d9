/**
 * Compression is the runtime's work: it encodes a body as the Content-Encoding header says. The edge and `wrangler dev`
 * compress on their own; a plain workerd follows the header that is set here. hono/compress would do the work in JavaScript,
 * and it reads the Accept-Encoding header, which the edge replaces.
 */
import { parseAccept } from 'hono/utils/accept';

/** Marks a response as one to compress, if the client accepts gzip (RFC 9110, section 12.5.3). Returns whether it does. */
export const compressed = (request: Request, headers: Headers): boolean => {
  headers.append('Vary', 'Accept-Encoding');
  // The edge and `wrangler dev` replace the client's header and keep the original here.
  const cf = request.cf as { clientAcceptEncoding?: string } | undefined;
  if (!acceptsGzip(cf?.clientAcceptEncoding ?? request.headers.get('Accept-Encoding') ?? '')) return false;
  headers.set('Content-Encoding', 'gzip');
  headers.delete('Content-Length');
  return true;
};

const acceptsGzip = (accepted: string) =>
  parseAccept(accepted).some(({ type, q }) => type.toLowerCase() === 'gzip' && q > 0);
