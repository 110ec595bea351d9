import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { SealedValueError } from '../core/crypto/keyring.ts';
import { StoreFailure } from '../core/store-failure.ts';
import type { Settings } from './env.ts';
import { assets } from './http/assets.ts';
import { discardBody } from './http/body.ts';
import { securityHeaders } from './http/headers.ts';
import { type AppContext, type AppEnv, callerOf, send } from './http/route.ts';
import { HashingBusy } from './operations/hashing.ts';
import { VaultUnavailable } from './operations/instance.ts';
import { auth } from './routes/auth.ts';
import { health } from './routes/health.ts';
import { keys } from './routes/keys.ts';
import { logs } from './routes/logs.ts';
import { users } from './routes/users.ts';
import { failed, type Reply } from './wire/reply.ts';

/** Everything the worker answers, in the order in which it is asked. */
export const createApp = ({ vault, assets: files, corsOrigins }: Settings) => {
  const app = new Hono<AppEnv>();
  app.use(securityHeaders());
  if (corsOrigins.length > 0) app.use(cors({ origin: corsOrigins, allowHeaders: ['Authorization', 'Content-Type'] }));
  app.use(async (c, next) => {
    c.set('vault', vault);
    c.set('caller', callerOf(c.req.raw));
    await next();
    await discardBody(c.req.raw);
  });
  for (const routes of [health(), auth, keys, logs, users]) app.route('/', routes);
  refuseOtherMethods(app);
  app.get('*', assets(files));
  app.notFound((c) => send(c, failed(404, 'There is nothing here. See the README for the routes.')));
  app.onError((error, c) => send(c, replyTo(error)));
  return app;
};

/** Every path of the API answers a method it does not know with those it does (RFC 9110, section 15.5.6). */
const refuseOtherMethods = (app: Hono<AppEnv>) => {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, allowed] of methods) {
    const allow = [...allowed, ...(allowed.has('GET') ? ['HEAD'] : [])].join(', ');
    app.all(path, (c: AppContext) => send(c, failed(405, `This takes ${allow}.`, { Allow: allow })));
  }
};

/** What an error is to the caller: what to do, nothing else. The operator's log has the rest. */
const replyTo = (error: Error): Reply => {
  if (error instanceof HashingBusy) return failed(429, 'Too many sign-ins at once. Try again.', { 'Retry-After': '2' });
  if (error instanceof SealedValueError) return failed(500, 'The stored value does not open. The access log says why.');
  if (error instanceof VaultUnavailable) {
    return { ...failed(503, error.message), body: { error: error.message, reason: error.reason } };
  }
  console.error(error.stack, error.cause instanceof Error ? error.cause.message : '');
  if (error instanceof StoreFailure) return failed(503, storeFailures[error.kind], { 'Retry-After': '5' });
  return failed(500, 'Something went wrong here. Nothing was changed; the log of the service says more.');
};

const storeFailures: Record<StoreFailure['kind'], string> = {
  full: 'There is no space left for the database: nothing was changed. Free some, then try again.',
  schema: 'The database is not at the version that this service needs: nothing was changed. Apply the migrations.',
  unreadable:
    'The database does not answer: nothing was changed. Try again; if it goes on, look at the free disk space and the log.',
};
