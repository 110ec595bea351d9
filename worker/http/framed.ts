/** What every response gets, whatever made it. One middleware, since each costs two turns of the event loop's queue. */
import { createMiddleware } from 'hono/factory';
import { discardBody } from './body.ts';
import { withoutBody } from './head.ts';
import { secure } from './headers.ts';

export const framed = createMiddleware(async (c, next) => {
  await next();
  const { raw } = c.req;
  if (raw.body !== null) await discardBody(raw);
  if (raw.method === 'HEAD') c.res = await withoutBody(c.res);
  secure(c.res.headers);
});
