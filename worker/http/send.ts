/** From a reply to the HTTP response. */
import type { Reply } from '../wire/reply.ts';
import { compressed } from './compression.ts';
import type { AppContext } from './context.ts';

/** Makes the reply to a result. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const send = (c: AppContext, { status, body, headers, isList }: Reply): Response => {
  const response = c.json(body, status, { 'Cache-Control': 'no-store', ...headers });
  if (isList) compressed(c.req.raw, response.headers);
  return response;
};
