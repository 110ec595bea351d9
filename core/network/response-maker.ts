/**
 * How the worker makes its responses if a server runs beside it in one isolate: a plain object is enough there, and costs much less than a
 * response of the runtime. The way to it is the context of the request.
 */

/** What such a server adds to the ExecutionContext that it gives the worker. */
export interface ResponseMaker {
  /** @param headers names in lower case. */
  makeResponse(text: string, status: number, headers: Iterable<readonly [name: string, value: string]>): Response;
}

/** What its requests have beside what those of the runtime have: `new Request(url, request)` takes those only. */
export interface MovableRequest {
  with?(changes: { url: string }): Request;
}
