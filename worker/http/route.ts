import { Hono, type Context as HonoContext } from 'hono';
import * as v from 'valibot';
import type { Caller } from '../../core/caller.ts';
import { newNonce } from '../../core/crypto/random.ts';
import type { Operation } from '../operations/operation.ts';
import type { Context, Vault } from '../operations/vault.ts';
import { type ErrorStatus, failed, type Reply, refused, signInAgain } from '../wire/reply.ts';
import { bodyOf } from './body.ts';
import { compressed } from './compression.ts';
import { credentialOf } from './credential.ts';
import { addressOf, userAgentOf } from './origin.ts';

/** How a route is made: what the request says, the operation it asks for, the reply. */

export interface AppEnv {
  Variables: { vault: Vault; caller: Caller };
}
export type AppContext = HonoContext<AppEnv>;

export const router = () => new Hono<AppEnv>();

type Schema = v.GenericSchema<unknown, unknown>;

/** Where the parts of an operation's input come from. */
interface Request {
  path?: Schema;
  query?: Schema;
  body?: Schema;
}

type Output<Part> = Part extends Schema ? v.InferOutput<Part> : object;
type InputOf<Asked extends Request> = Output<Asked['path']> & Output<Asked['query']> & Output<Asked['body']>;

type Parsed<Input> = { input: Input } | { status: ErrorStatus; error: string };

/** Says what came out well, and how. */
export type Success<Result> = (result: Result, c: AppContext) => Reply;

export const ok =
  <Result>(body: (result: Result) => unknown): Success<Result> =>
  (result) => ({ status: 200, body: body(result) });

export const list =
  <Result>(body: (result: Result) => unknown): Success<Result> =>
  (result) => ({ status: 200, body: body(result), isList: true });

export const done = (message: string): Success<void> => ok(() => ({ message }));

export const created =
  <Result>(body: (result: Result) => unknown): Success<Result> =>
  (result) => ({ status: 201, body: body(result) });

/**
 * A route for signed-in callers. A credential that does not verify never reaches the database; a request that makes no
 * sense reaches it only to be written down.
 */
export const answer = <Asked extends Request, Input, Result>(
  operation: Operation<Input, Result>,
  asked: Asked & (InputOf<Asked> extends Input ? unknown : never),
  success: Success<Result>,
) =>
  async function answerRoute(c: AppContext): Promise<Response> {
    const context = await contextOf(c);
    if (!context) return send(c, signInAgain());
    const parsed = await parse<Input>(c, asked);
    if ('error' in parsed) {
      const refusal = await operation.recordInvalid(context, parsed.error, attemptedTarget(c));
      return send(c, refusal.outcome === 'invalid' ? failed(parsed.status, parsed.error) : refused(refusal));
    }
    const outcome = await operation.perform(context, parsed.input);
    return send(c, outcome.outcome === 'allowed' ? success(outcome.result, c) : refused(outcome));
  };

/** Who is asking; null if they show no credential of ours. */
const contextOf = async (c: AppContext): Promise<Context | null> => {
  const { vault, caller } = c.var;
  const identity = await credentialOf(c.req.raw, vault.sessionKey, caller.now);
  return identity && { vault, caller: { ...caller, sessionId: identity.sessionId, claimedName: identity.username } };
};

export const callerOf = (request: globalThis.Request): Caller => ({
  requestId: newNonce(),
  sessionId: null,
  claimedName: null,
  address: addressOf(request),
  userAgent: userAgentOf(request.headers),
  now: Date.now(),
});

export const parse = async <Input>(c: AppContext, { path, query, body }: Request): Promise<Parsed<Input>> => {
  const parts: [Schema | undefined, () => unknown][] = [
    [path, () => pathOf(c)],
    [query, () => c.req.query()],
  ];
  if (body) {
    const read = await bodyOf(c.req.raw);
    if ('error' in read) return read;
    parts.push([body, () => read.json]);
  }
  const input: Record<string, unknown> = {};
  for (const [schema, given] of parts) {
    if (!schema) continue;
    const result = v.safeParse(schema, given(), { abortEarly: true });
    if (!result.success) return { status: 400, error: result.issues[0].message };
    Object.assign(input, result.output);
  }
  return { input: input as Input };
};

/**
 * The parameters of the path, decoded once from the URL as it came: a name may hold `/`, `%` or anything else, escaped.
 * What cannot be decoded is not well-formed and fails the schema's first check.
 */
const pathOf = (c: AppContext): Record<string, string> => {
  const pattern = c.req.routePath.split('/');
  const given = new URL(c.req.url).pathname.split('/');
  return Object.fromEntries(
    pattern.flatMap((part, index) => (part.startsWith(':') ? [[part.slice(1), decoded(given[index] ?? '')]] : [])),
  );
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '\ud800';
  }
};

const targetCharactersMost = 300;

/** What the log calls the target of a request that makes no sense. */
const attemptedTarget = (c: AppContext): string | null =>
  Object.values(pathOf(c))[0]?.toWellFormed().replace(/\p{C}/gu, '�').slice(0, targetCharactersMost) ?? null;

export const send = (c: AppContext, { status, body, headers, isList }: Reply): Response => {
  const response = c.json(body, status, { 'Cache-Control': 'no-store', ...headers });
  if (isList) compressed(c.req.raw, response.headers);
  return response;
};
