/** From a reply to the HTTP response. */
import { textOf } from '../wire/list-text.ts';
import type { Reply } from '../wire/reply.ts';
import { compressed } from './compression.ts';
import type { AppContext } from './context.ts';

/** Makes the reply to a result. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const send = (c: AppContext, { status, body, headers, isList, text }: Reply): Response => {
  const all = { 'Cache-Control': 'no-store', ...headers };
  const response = text
    ? c.body(textOf(text), status, { ...all, 'Content-Type': 'application/json' })
    : c.json(body, status, all);
  if (isList) compressed(c.req.raw, response.headers);
  return response;
};
