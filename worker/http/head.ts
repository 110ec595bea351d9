/** HEAD: the headers of a GET (RFC 9110, section 9.3.2). Hono runs the route for GET and drops the body. */
import { createMiddleware } from 'hono/factory';

/** Says how long the body would be, which the runtime only knows of a body that is sent. */
export const lengthForHead = createMiddleware(async (c, next) => {
  await next();
  if (c.req.method !== 'HEAD' || !c.res.body || c.res.headers.has('Content-Encoding')) return;
  const { byteLength } = await c.res.arrayBuffer();
  c.res = new Response(null, c.res);
  c.res.headers.set('Content-Length', String(byteLength));
});
