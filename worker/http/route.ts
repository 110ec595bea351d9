/** How a route answers: from the request to an operation's input, from its outcome to the reply. */
import { askHeader, mayFollow } from '../../core/network/large-body.ts';
import { isTokenAction } from '../../core/policy/policy.ts';
import { admit } from '../operations/admission.ts';
import type { Operation, Outcome } from '../operations/operation.ts';
import type { Context } from '../operations/vault.ts';
import { failed, type Reply, refused } from '../wire/reply.ts';
import { type AppContext, contextOf } from './context.ts';
import { signedInContext } from './credential.ts';
import { keyOf, replayed, withKey } from './idempotency.ts';
import { attemptedTarget, type InputOf, parseInput, type Schemas } from './input.ts';
import { type Success, send } from './send.ts';

/** What a route asks for, for the API document: its schemas, whether anybody may ask, and whether with an Idempotency-Key. */
export interface Requested {
  schemas: Schemas;
  isOpen: boolean;
  takesKey?: true | undefined;
}

/** What the handler of a route asks for; null if it asks for nothing, or is none that this file made. */
export const requestedBy = (handler: object): Requested | null =>
  (handler as { requested?: Requested }).requested ?? null;

/** Compiles only if the schemas give what the operation takes. */
type Fitting<Asked extends Schemas, Input> = Asked & (InputOf<Asked> extends Input ? unknown : never);

/**
 * A route for signed-in callers. A credential that does not verify never reaches the database; an invalid request reaches
 * it only to be recorded.
 */
export const answer = <Asked extends Schemas, Input, Result>(
  operation: Operation<Input, Result>,
  schemas: Fitting<Asked, Input>,
  success: Success<Result>,
) =>
  Object.assign(
    async function answerRoute(c: AppContext): Promise<Response> {
      const context = await signedInContext(c);
      if (!('caller' in context)) return send(c, context);
      const tooMuch = await admit(context, operation.action);
      if (tooMuch) return send(c, refused(tooMuch));
      if (context.caller.tokenHash !== undefined && !isTokenAction(operation.action)) {
        return send(c, refused(await operation.recordInvalid(context, 'token', attemptedTarget(c))));
      }
      // The server that faces the network asks before it takes a large body.
      if (schemas.maxBodyBytes !== undefined && c.req.header(askHeader) !== undefined) return c.body(null, mayFollow);
      const named = keyOf(c, operation.takesKey);
      const parsed = 'error' in named ? { status: 400 as const, ...named } : await parseInput<Input>(c, schemas);
      if ('error' in parsed) {
        const refusal = await operation.recordInvalid(context, parsed.error, attemptedTarget(c));
        return send(c, refusal.outcome === 'invalid' ? failed(parsed.status, parsed.error) : refused(refusal));
      }
      const { key } = named as { key?: string };
      const asked = key === undefined ? context : withKey(context, c, key, parsed.json);
      return send(c, replyTo(await operation.perform(asked, parsed.input), success, c));
    },
    { requested: { schemas, isOpen: false, takesKey: operation.takesKey } satisfies Requested },
  );

/** A route without a credential. An invalid request is not recorded: otherwise anyone could fill the log. */
export const answerStranger = <Asked extends Schemas, Input, Result>(
  perform: (context: Context, input: Input) => Promise<Outcome<Result>>,
  schemas: Fitting<Asked, Input>,
  success: Success<Result>,
) =>
  Object.assign(
    async function answerRoute(c: AppContext): Promise<Response> {
      const named = keyOf(c);
      if ('error' in named) return send(c, failed(400, named.error));
      const parsed = await parseInput<Input>(c, schemas);
      if ('error' in parsed) return send(c, failed(parsed.status, parsed.error));
      return send(c, replyTo(await perform(contextOf(c), parsed.input), success, c));
    },
    { requested: { schemas, isOpen: true } satisfies Requested },
  );

const replyTo = <Result>(outcome: Outcome<Result>, success: Success<Result>, c: AppContext): Reply => {
  if (outcome.outcome !== 'allowed') return refused(outcome);
  const reply = success(outcome.result, c);
  return outcome.isRepeated ? replayed(reply) : reply;
};
