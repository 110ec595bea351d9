/** What every response gets, whatever made it. One middleware, since each costs two turns of the event loop's queue. */
import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import type { Metrics } from '../operations/metrics.ts';
import { discardBody } from './body.ts';
import type { AppEnv } from './context.ts';
import { withoutBody } from './head.ts';
import { secure } from './headers.ts';

/** @param metrics counts the answers, if somebody asks for that. */
export const framed = (metrics: Metrics | null) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const began = metrics ? Date.now() : 0;
    await next();
    const { raw } = c.req;
    if (raw.body !== null) await discardBody(raw);
    if (raw.method === 'HEAD') c.res = await withoutBody(c.res);
    secure(c.res.headers);
    // The route is the last one that was tried: the one that has answered.
    metrics?.noteAnswer(routePath(c), raw.method, c.get('countedStatus') ?? c.res.status, Date.now() - began);
  });
