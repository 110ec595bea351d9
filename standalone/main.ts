/**
 * The vault on a plain workerd: the same worker, with what `wrangler dev` and the gate provide elsewhere. All of it is in
 * one isolate, since each hop between two isolates costs as much as the worker's own work.
 */
import worker from 'keystore:worker';
import { notRunning } from '../core/network/error-answers.ts';
import { assets } from './assets.ts';
import { bodyReader } from './body.ts';
import { createClient } from './database/client.ts';
import type { Bindings } from './database/object.ts';
import { readBindings } from './env.ts';
import { errorResponse } from './error-response.ts';
import { withClientAddress } from './origin.ts';
import { createSpace } from './space.ts';
import { bringUp } from './start.ts';

export { VaultDatabase } from './database/object.ts';
export { FolderLock } from './lock.ts';

/** Whether the folder is locked, and the database open and healthy. */
let isUp = false;

/** Serves the network. */
export default {
  fetch(request, bindings, context) {
    return isUp ? appOf(bindings).fetch(request, context) : errorResponse(notRunning);
  },
} satisfies ExportedHandler<Bindings>;

/** Serves the launcher, on a loopback port of its own: starts the vault and reports its health. */
export const control = {
  async fetch(request, bindings, context) {
    const { pathname, searchParams } = new URL(request.url);
    const health = () => worker.fetch(new Request('http://localhost/health'), appOf(bindings).env, context);
    if (pathname === '/health') return health();
    if (pathname !== '/up') return new Response(null, { status: 404 });
    const answer = await bringUp(bindings, searchParams, health);
    isUp = answer.status === 200;
    return answer;
  },
} satisfies ExportedHandler<Bindings>;

const make = (bindings: Bindings) => {
  const { worker: variables, trustedProxies } = readBindings(bindings);
  const env = { ...variables, DB: createClient(bindings), ASSETS: assets };
  const readBody = bodyReader();
  const space = createSpace(bindings.DISK);
  const fetch = (request: Request, context: ExecutionContext): Response | Promise<Response> => {
    const known = withClientAddress(request, trustedProxies);
    if (request.body === null) return worker.fetch(known, env, context);
    return readBody(known).then(async (read) =>
      read instanceof Response ? read : worker.fetch(await space.mark(read), env, context),
    );
  };
  return { bindings, env, fetch };
};

let app: ReturnType<typeof make> | undefined;

/** Made once for each set of bindings, since the worker keeps what it derives from its environment. */
const appOf = (bindings: Bindings) => {
  if (app?.bindings !== bindings) app = make(bindings);
  return app;
};
