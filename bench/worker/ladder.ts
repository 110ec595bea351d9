/**
 * The standalone vault with less and less left out, for `npm run bench -- --ladder`: it takes the place of standalone/main.ts in a
 * standalone file that is otherwise the real one. Each step does what the one before does, and more. The file `ladder-step` in the
 * folder of the database says which step a new connection gets.
 */
import worker from 'keystore:worker';
import { newNonce } from '../../core/crypto/random.ts';
import { assets } from '../../standalone/assets.ts';
import { Connection, connections, createClient } from '../../standalone/database/client.ts';
import type { Bindings } from '../../standalone/database/object.ts';
import { readBindings } from '../../standalone/env.ts';
import { createServer, type TcpSocket } from '../../standalone/http/server.ts';
import main from '../../standalone/main.ts';
import { nameClient } from '../../standalone/origin.ts';
import { RequestContext } from '../../standalone/request-context.ts';

export { control, FolderLock, VaultDatabase } from '../../standalone/main.ts';

interface Sent {
  text: string;
  values: (string | number | null)[];
}

type Env = ReturnType<typeof makeEnv>;
type Step = (env: Env, request: Request, context: Parameters<typeof worker.fetch>[2]) => Response | Promise<Response>;

const steps: Record<string, Step> = {
  /** The HTTP server and nothing else. */
  server: () => new Response(),
  /** `/health/live` after an empty transaction. */
  call: async (env, request, context) => {
    await env.DB.batch([]);
    return worker.fetch(request, env, context);
  },
  /** `/health/live` after the statements of a read. */
  statements: async (env, request, context) => {
    recorded ??= await recordRead(env, request, context);
    const { id, batch } = recorded;
    const newId = newNonce();
    const filled = batch.map(({ text, values }) => ({
      text,
      values: values.map((each) => (each === id ? newId : each)),
    }));
    await env.DB.batch(filled.map(({ text, values }) => env.DB.prepare(text).bind(...values)));
    return worker.fetch(request, env, context);
  },
};

const serve = createServer({ maxConnections: 1_000, maxOpenConnections: 1_200 });

export default {
  async connect(socket: Socket, bindings: Bindings, context: ExecutionContext): Promise<void> {
    const name = await (await bindings.DISK.fetch('http://disk/ladder-step')).text();
    const step = steps[name];
    if (step === undefined) return (main.connect as (...given: unknown[]) => Promise<void>)(socket, bindings, context);
    env ??= makeEnv(bindings);
    const made = env;
    const connection = new Connection(bindings);
    return serve(socket as TcpSocket, {
      scheme: 'http',
      proxies: [],
      identify: (request) => nameClient(request, []),
      answer: (request) => connections.run(connection, () => step(made, request, new RequestContext(context))),
    });
  },
};

/** As in standalone/main.ts. */
function makeEnv(bindings: Bindings) {
  return { ...readBindings(bindings).worker, DB: createClient(bindings), ASSETS: assets };
}

let env: Env | undefined;
let recorded: { id: string; batch: Sent[] } | undefined;

/** The transaction that the worker makes of a read, and the id of the request in it, which differs each time. */
async function recordRead(env: Env, { headers }: Request, context: Parameters<typeof worker.fetch>[2]) {
  const read = async (): Promise<Sent[]> => {
    let batch: Sent[] = [];
    const prepare = (text: string, values: Sent['values'] = []) => ({
      ...{ text, values },
      bind: (...given: Sent['values']) => prepare(text, given),
    });
    const DB = {
      prepare: (text: string) => prepare(text),
      batch(sent: Sent[]) {
        batch = sent;
        return env.DB.batch(sent.map(({ text, values }) => env.DB.prepare(text).bind(...values)));
      },
    };
    const answer = await worker.fetch(
      new Request('http://127.0.0.1/keys/bench%2Fkey%200', { headers }),
      { ...env, DB },
      context,
    );
    if (answer.status !== 200) throw new Error(`The read was answered with ${answer.status}.`);
    await answer.text();
    return batch;
  };
  const [first, second] = [(await read())[0]?.values ?? [], await read()];
  const id = second[0]?.values.find((value, index) => typeof value === 'string' && value !== first[index]);
  if (typeof id !== 'string') throw new Error('The id of the request was not found.');
  return { id, batch: second };
}
