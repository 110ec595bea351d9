import worker from 'keystore:worker';
import { assets } from './assets.ts';
import { boundedBody } from './body.ts';
import type { Bindings } from './database/bindings.ts';
import { createClient } from './database/client.ts';
import { readBindings } from './env.ts';
import { withClientAddress } from './origin.ts';
import { refuse } from './refusal.ts';
import { bringUp } from './start.ts';

/**
 * The vault on a bare workerd: the same worker, with what `wrangler dev` and the gate give it elsewhere. One isolate holds
 * it all, since every hop between two of them costs as much as the worker's own work.
 */

export { VaultDatabase } from './database/object.ts';
export { FolderLock } from './lock.ts';

/** Whether the launcher has had the database checked and the folder locked. */
let isUp = false;

type Fetch = (request: Request, context: ExecutionContext) => Response | Promise<Response>;

let made: { bindings: Bindings; fetch: Fetch } | undefined;

/** What faces the network. */
export default {
  fetch(request, bindings, context) {
    if (!isUp) return refuse(503, 'The vault is starting. Try again in a moment.', { 'Retry-After': '2' });
    if (made?.bindings !== bindings) made = { bindings, fetch: make(bindings) };
    return made.fetch(request, context);
  },
} satisfies ExportedHandler<Bindings>;

/** What faces the launcher, on a loopback port of its own: it brings the vault up and says how it is. */
export const control = {
  async fetch(request, bindings, context) {
    const { pathname, searchParams } = new URL(request.url);
    const health = () => worker.fetch(new Request('http://localhost/health'), appEnv(bindings), context);
    if (pathname === '/health') return health();
    if (pathname !== '/up') return new Response(null, { status: 404 });
    const answer = await bringUp(bindings, searchParams, health);
    isUp = answer.status === 200;
    return answer;
  },
} satisfies ExportedHandler<Bindings>;

const make = (bindings: Bindings): Fetch => {
  const env = appEnv(bindings);
  const { trustedProxies } = readBindings(bindings);
  return (request, context) => {
    const known = withClientAddress(request, trustedProxies);
    if (request.body === null) return worker.fetch(known, env, context);
    return boundedBody(known).then((whole) => (whole instanceof Response ? whole : worker.fetch(whole, env, context)));
  };
};

let app: { bindings: Bindings; env: object } | undefined;

/** What the worker is handed. One object for each set of bindings: the worker keeps what it made of it. */
const appEnv = (bindings: Bindings): object => {
  if (app?.bindings !== bindings) {
    app = { bindings, env: { ...readBindings(bindings).worker, DB: createClient(bindings), ASSETS: assets } };
  }
  return app.env;
};
