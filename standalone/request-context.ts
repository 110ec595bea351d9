/** What the worker gets beside a request: the runtime's context, and a way to make responses that costs little. */
import type { ResponseMaker } from '../core/network/response-maker.ts';
import { PlainResponse } from './http/plain-response.ts';

/** One request's context. What outlives the request belongs to its connection. */
export class RequestContext implements ResponseMaker {
  readonly #connection: ExecutionContext;

  constructor(connection: ExecutionContext) {
    this.#connection = connection;
  }

  makeResponse(...given: ConstructorParameters<typeof PlainResponse>): Response {
    return new PlainResponse(...given) as unknown as Response;
  }

  /** Undefined if the connection waits for nothing. */
  get waitUntil(): ExecutionContext['waitUntil'] | undefined {
    return this.#connection.waitUntil?.bind(this.#connection);
  }
}
