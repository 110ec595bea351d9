/** What the worker gets beside a request: the runtime's context, and the way to say of what text it made its response. */
import type { AnswerText } from '../core/network/answer-text.ts';

/** One request's context. What outlives the request belongs to its connection. */
export class RequestContext implements AnswerText {
  readonly #connection: ExecutionContext;
  readonly #said: AnswerText;

  constructor(connection: ExecutionContext, said: AnswerText) {
    this.#connection = connection;
    this.#said = said;
  }

  noteText(response: Response, text: string): void {
    this.#said.noteText(response, text);
  }

  /** Undefined if the connection waits for nothing. */
  get waitUntil(): ExecutionContext['waitUntil'] | undefined {
    return this.#connection.waitUntil?.bind(this.#connection);
  }
}
