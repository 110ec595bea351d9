/** The worker's HTTP application: everything that it answers, in the order in which it is asked. */
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { Settings } from './env.ts';
import { assets } from './http/assets.ts';
import { type AppEnv, withCaller } from './http/context.ts';
import { replyToError } from './http/errors.ts';
import { framed } from './http/framed.ts';
import { send } from './http/send.ts';
import { welcomeVisitors } from './http/visitors.ts';
import { auth } from './routes/auth.ts';
import { bulk } from './routes/bulk.ts';
import { health } from './routes/health.ts';
import { keys } from './routes/keys.ts';
import { logProofs } from './routes/log-proofs.ts';
import { logs } from './routes/logs.ts';
import { metricsRoute } from './routes/metrics.ts';
import { projects } from './routes/projects.ts';
import { tokens } from './routes/tokens.ts';
import { trash } from './routes/trash.ts';
import { users } from './routes/users.ts';
import { isVaultPath, vaultApi, vaultMethods } from './vault-api/face.ts';
import { noSuchMethod, noSuchRoute } from './wire/reply.ts';

/** What pages of other origins may send and see, beside what browsers always allow. */
const corsHeaders = {
  allowHeaders: [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'X-Vault-Namespace',
    'X-Vault-Request',
    'X-Vault-Token',
  ],
  exposeHeaders: ['ETag', 'Idempotent-Replayed', 'Retry-After', 'Trash-Id'],
};

/** Everything but the UI's files, and the metrics, which exist only where they are switched on. */
export const api = [health, auth, bulk, keys, trash, projects, tokens, logs, logProofs, users];

export const createApp = ({ vault, cookies, basePath, assets: files, corsOrigins, metricsToken }: Settings) => {
  const app = new Hono<AppEnv>();
  app.use(framed(vault.metrics));
  if (corsOrigins.length > 0) app.use(cors({ origin: corsOrigins, ...corsHeaders }));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => send(c, isVaultPath(c) ? vaultMethods(methods) : noSuchMethod(methods)),
    }),
  );
  if (files) app.use(welcomeVisitors(basePath));
  app.use(withCaller(vault, cookies));
  for (const routes of [...api, vaultApi]) app.route('/', routes);
  if (vault.metrics && metricsToken) app.route('/', metricsRoute(vault.metrics, metricsToken));
  // Without the slash at the end it is not the page.
  if (basePath) app.get(basePath, (c) => c.redirect(`${basePath}/${new URL(c.req.url).search}`, 307));
  // Not `app.get`: as a route for GET it would turn a 404 for any other method into a 405.
  app.use(etag(), assets(files, basePath));
  app.notFound((c) => send(c, noSuchRoute));
  app.onError((error, c) => send(c, replyToError(error)));
  return app;
};
