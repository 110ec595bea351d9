/** From a reply to the HTTP response. */

import { parseAccept } from 'hono/utils/accept';
import { listPieceCharacters } from '../../core/limits.ts';
import type { ResponseMaker } from '../../core/network/response-maker.ts';
import { type ListText, piecesOf, textOf } from '../wire/list-text.ts';
import { problemOf, problemType } from '../wire/problem.ts';
import type { Reply } from '../wire/reply.ts';
import { compressed } from './compression.ts';
import type { AppContext } from './context.ts';
import { jsonHeaderList, jsonHeaders } from './headers.ts';

/** Makes the reply to a result. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const send = (c: AppContext, reply: Reply): Response => {
  const { status, body, headers, cookies, isList, text, stream, plain } = reply;
  if (stream) return streamed(c, { ...reply, stream });
  if (plain) {
    const response = new Response(plain.content, { status, headers: jsonHeaders });
    response.headers.set('Content-Type', plain.type);
    return response;
  }
  const isLong = text?.list != null;
  const problem = status >= 400 && wantsProblem(c.req.header('Accept')) ? problemOf(status, body) : null;
  const json = isLong ? '' : text ? textOf(text) : JSON.stringify(problem ?? body);
  const response = isLong
    ? new Response(streamOf(text), { status, headers: jsonHeaders })
    : responseOf(c, json, status);
  if (problem) {
    response.headers.set('Content-Type', problemType);
    response.headers.set('Vary', 'Accept');
  }
  for (const name in headers) response.headers.set(name, headers[name] as string);
  for (const cookie of cookies ?? []) response.headers.append('Set-Cookie', cookie);
  if (isList) compressed(c.req.raw, response.headers);
  if (isLong) response.headers.set('Transfer-Encoding', 'chunked');
  return response;
};

/** Text that is made while it is sent. HEAD makes none. */
const streamed = (
  c: AppContext,
  { status, headers, stream: { type, pieces } }: Reply & Required<Pick<Reply, 'stream'>>,
) => {
  const isHead = c.req.raw.method === 'HEAD';
  if (isHead) void pieces.return();
  const response = new Response(isHead ? null : streamOfPieces(pieces), { status, headers: jsonHeaders });
  response.headers.set('Content-Type', type);
  for (const name in headers) response.headers.set(name, headers[name] as string);
  compressed(c.req.raw, response.headers);
  response.headers.set('Transfer-Encoding', 'chunked');
  return response;
};

const streamOfPieces = (pieces: AsyncGenerator<string, void>): ReadableStream<Uint8Array> =>
  new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: async () => void (await pieces.return()),
    },
    { highWaterMark: 0 },
  );

/** Whether a client names the type, and likes it as much as plain JSON. */
const wantsProblem = (accept: string | undefined): boolean => {
  if (!accept?.toLowerCase().includes(problemType)) return false;
  const accepted = parseAccept(accept);
  const weightOf = (type: string) => accepted.find((each) => each.type.toLowerCase() === type)?.q ?? 0;
  return weightOf(problemType) > 0 && weightOf(problemType) >= weightOf('application/json');
};

const encoder = new TextEncoder();

/** Writes a list as fast as the client reads it. */
const streamOf = (text: ListText): ReadableStream<Uint8Array> => {
  const pieces = piecesOf(text, listPieceCharacters);
  return new ReadableStream(
    {
      pull(controller) {
        text.list?.touch();
        const { value, done } = pieces.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        text.list?.release();
        controller.close();
      },
      cancel: () => text.list?.release(),
    },
    { highWaterMark: 0 },
  );
};

/** A response with a JSON text. The one to HEAD is one of the runtime, since Hono makes another one of it. */
const responseOf = (c: AppContext, json: string, status: number): Response =>
  (c.req.raw.method === 'HEAD' ? undefined : contextOf(c)?.makeResponse?.(json, status, jsonHeaderList)) ??
  new Response(json, { status, headers: jsonHeaders });

/** Tests of routes run without one. */
const contextOf = (c: AppContext): Partial<ResponseMaker> | undefined => {
  try {
    return c.executionCtx as Partial<ResponseMaker>;
  } catch {
    return undefined;
  }
};
