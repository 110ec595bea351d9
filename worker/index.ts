/** The worker's entry point: makes the app of its bindings, or explains which setting is wrong. */
import { refusal } from '../core/network/gate-header.ts';
import { OperatorError } from '../core/operator-error.ts';
import { createApp } from './app.ts';
import { type Bindings, parseEnv } from './env.ts';
import { withoutBasePath } from './http/base-path.ts';
import { cameThroughGate } from './http/gate.ts';
import { alive, misconfigured } from './wire/health.ts';

interface Started {
  bindings: Bindings;
  fetch: (request: Request, bindings: Bindings, context: ExecutionContext) => Response | Promise<Response>;
}

let started: Started | undefined;

export default {
  fetch(request, bindings, context) {
    if (!cameThroughGate(request, bindings.GATE_SECRET)) return Response.json(refusal, { status: 403 });
    if (started?.bindings !== bindings) started = { bindings, fetch: start(bindings) };
    return started.fetch(request, bindings, context);
  },
} satisfies ExportedHandler<Bindings>;

/** The app; or, if a setting is wrong, a handler that answers every request with an explanation. */
const start = (bindings: Bindings): Started['fetch'] => {
  try {
    const settings = parseEnv(bindings);
    const app = createApp(settings);
    return (request, ...rest) => app.fetch(withoutBasePath(settings.basePath, request), ...rest);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    console.error(error.message);
    return explain(error.message);
  }
};

const explain = (problem: string) => (request: Request) => {
  const { body, status } = new URL(request.url).pathname === '/health/live' ? alive : misconfigured(problem);
  return Response.json(body, { status });
};
