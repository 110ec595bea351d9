import { KeyFormatError } from '../core/crypto/key-material.ts';
import { createApp } from './app.ts';
import { type Bindings, parseEnv, SettingError } from './env.ts';
import { alive, serviceName } from './routes/health.ts';

interface Started {
  bindings: Bindings;
  fetch: (request: Request, bindings: Bindings, context: ExecutionContext) => Response | Promise<Response>;
}

let started: Started | undefined;

export default {
  fetch(request, bindings, context) {
    if (started?.bindings !== bindings) started = { bindings, fetch: start(bindings) };
    return started.fetch(request, bindings, context);
  },
} satisfies ExportedHandler<Bindings>;

/** The app; or, where the settings are not right, a sentence about them to everybody who asks. */
const start = (bindings: Bindings): Started['fetch'] => {
  try {
    return createApp(parseEnv(bindings)).fetch;
  } catch (error) {
    if (!(error instanceof SettingError || error instanceof KeyFormatError)) throw error;
    console.error(error.message);
    return unstartable(error.message);
  }
};

const unstartable = (error: string) => (request: Request) =>
  new URL(request.url).pathname === '/health/live'
    ? Response.json(alive)
    : Response.json({ status: 'unhealthy', service: serviceName, reason: 'settings', error }, { status: 503 });
