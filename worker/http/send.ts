/** From a reply to the HTTP response. */
import type { AnswerText } from '../../core/network/answer-text.ts';
import type { Reply } from '../wire/reply.ts';
import { compressed } from './compression.ts';
import type { AppContext } from './context.ts';
import { jsonHeaders } from './headers.ts';

/** Makes the reply to a result. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const send = (c: AppContext, { status, body, headers, cookies, isList }: Reply): Response => {
  const text = JSON.stringify(body);
  const response = new Response(text, { status, headers: jsonHeaders });
  for (const name in headers) response.headers.set(name, headers[name] as string);
  for (const cookie of cookies ?? []) response.headers.append('Set-Cookie', cookie);
  if (isList) compressed(c.req.raw, response.headers);
  else contextOf(c)?.noteText?.(response, text);
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
