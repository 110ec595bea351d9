/**
 * How the worker tells a server that runs beside it in one isolate of what text a response was made: reading a body back through its
 * stream costs as much as parsing the request. It goes through the context of the request, since the garbage collector frees a
 * response only much later if it has a property of its own or is the key of a map.
 */

/** What such a server adds to the ExecutionContext that it gives the worker. */
export interface AnswerText {
  /** Called with each response that was made of a text, before it is returned. The last one need not be the one that is. */
  noteText(response: Response, text: string): void;
}
