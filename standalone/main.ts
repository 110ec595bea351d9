/**
 * The vault on a plain workerd: the same worker, with what `wrangler dev` and the gate provide elsewhere. All of it is in
 * one isolate, since each hop between two isolates costs as much as the worker's own work.
 */
import worker from 'keystore:worker';
import { answers } from '../core/network/answers.ts';
import { notRunning } from '../core/network/error-answers.ts';
import { asksForMetrics } from '../core/newest-backup.ts';
import { assets } from './assets.ts';
import { isFromLauncher } from './control.ts';
import { Connection, connections, createClient } from './database/client.ts';
import type { Bindings } from './database/object.ts';
import { readBindings } from './env.ts';
import { createHasher } from './hasher.ts';
import { errorResponse } from './http/error-response.ts';
import { createServer, type Service } from './http/server.ts';
import { createNewestBackup } from './newest-backup.ts';
import { nameClient } from './origin.ts';
import { createPin } from './pin.ts';
import { RequestContext } from './request-context.ts';
import { createSpace } from './space.ts';
import { bringUp, resetPassword } from './start.ts';

export { VaultDatabase } from './database/object.ts';
export { FolderLock } from './lock.ts';

/** Whether the folder is locked, and the database open and healthy. */
let isUp = false;

/** Serves the network. */
export default {
  async connect(socket, bindings, context) {
    // A connection may be made before the vault is up, and stay: so each request looks anew.
    const app = () => (isUp ? appOf(bindings) : undefined);
    const connection = new Connection(bindings);
    const service: Service = {
      scheme: bindings.HAS_TLS === 'yes' ? 'https' : 'http',
      get proxies() {
        return app()?.proxies ?? [];
      },
      identify: (request) => nameClient(request, app()?.proxies ?? []),
      answer: (request) => app()?.fetch(request, new RequestContext(context)) ?? errorResponse(notRunning),
    };
    // Once for all of its requests: to enter the storage costs as much as a small object of the runtime.
    await connections.run(connection, () => serverOf(bindings)(socket, service));
    connection.end();
  },
} satisfies ExportedHandler<Bindings>;

/** Serves the launcher, on a loopback port of its own: starts the vault and reports its health. */
export const control = {
  connect(socket, bindings, context) {
    const health = () => worker.fetch(new Request('http://localhost/health'), appOf(bindings).env, context);
    return serverOf(bindings)(socket, {
      scheme: 'http',
      proxies: [],
      identify: () => {},
      async answer(request) {
        if (!(await isFromLauncher(request, bindings))) return errorResponse(answers.notFound);
        const { pathname, searchParams } = new URL(request.url);
        if (pathname === '/health') return health();
        if (pathname === '/reset-admin' && isUp) return resetPassword(bindings, searchParams);
        if (pathname !== '/up') return errorResponse(answers.notFound);
        const answer = await bringUp(bindings, searchParams, health);
        isUp = answer.status === 200;
        return answer;
      },
    });
  },
} satisfies ExportedHandler<Bindings>;

let server: ReturnType<typeof createServer> | undefined;

/** One server for all sockets, so that they share its limits. */
const serverOf = (bindings: Bindings) => {
  const maxOpenConnections = Number(bindings.MAX_OPEN_CONNECTIONS);
  server ??= createServer({ maxConnections: Math.floor(maxOpenConnections * 0.8), maxOpenConnections });
  return server;
};

const make = (bindings: Bindings) => {
  const { worker: variables, trustedProxies: proxies } = readBindings(bindings);
  const DB = createClient(bindings);
  const { PINS, PIN_FILE } = bindings;
  const read = async (sql: string, ...values: number[]) =>
    (await DB.batch([DB.prepare(sql).bind(...values)]))[0]?.results ?? [];
  const env = {
    ...variables,
    ...{ DB, ASSETS: assets, HASHER: createHasher(bindings.HASHER) },
    ...(PINS && PIN_FILE && { PIN: createPin(PINS, PIN_FILE, read) }),
  };
  const space = createSpace(bindings.DISK);
  const newestBackup = variables.METRICS_TOKEN === undefined ? undefined : createNewestBackup(bindings.DISK);
  const fetch = (request: Request, context: RequestContext): Response | Promise<Response> => {
    if (newestBackup && asksForMetrics(request.url))
      return newestBackup(request).then(() => worker.fetch(request, env, context));
    return request.body === null
      ? worker.fetch(request, env, context)
      : space.mark(request).then(() => worker.fetch(request, env, context));
  };
  return { bindings, env, proxies, fetch };
};

let app: ReturnType<typeof make> | undefined;

/** Made once for each set of bindings, since the worker keeps what it derives from its environment. */
const appOf = (bindings: Bindings) => {
  if (app?.bindings !== bindings) app = make(bindings);
  return app;
};
