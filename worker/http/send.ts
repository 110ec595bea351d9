/** From a reply to the HTTP response. */
import type { AnswerText } from '../../core/network/answer-text.ts';
import { textOf } from '../wire/list-text.ts';
import type { Reply } from '../wire/reply.ts';
import { compressed } from './compression.ts';
import type { AppContext } from './context.ts';
import { jsonHeaders } from './headers.ts';

/** Makes the reply to a result. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const send = (c: AppContext, { status, body, headers, cookies, isList, text }: Reply): Response => {
  const json = text ? textOf(text) : JSON.stringify(body);
  const response = new Response(json, { status, headers: jsonHeaders });
  for (const name in headers) response.headers.set(name, headers[name] as string);
  for (const cookie of cookies ?? []) response.headers.append('Set-Cookie', cookie);
  const isCompressed = isList && compressed(c.req.raw, response.headers);
  if (!isCompressed) contextOf(c)?.noteText?.(response, json);
  return response;
};

/** Tests of routes run without one. */
const contextOf = (c: AppContext): Partial<AnswerText> | undefined => {
  try {
    return c.executionCtx as Partial<AnswerText>;
  } catch {
    return undefined;
  }
};
