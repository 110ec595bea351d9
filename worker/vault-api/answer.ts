/** How a route of this face answers: as `worker/http/route.ts` does, with other words. */
import { isTokenAction } from '../../core/policy/policy.ts';
import type { AppContext } from '../http/context.ts';
import { jsonHeaders } from '../http/headers.ts';
import { send } from '../http/send.ts';
import { admit } from '../operations/admission.ts';
import type { Operation } from '../operations/operation.ts';
import type { ErrorStatus, Reply } from '../wire/reply.ts';
import { vaultContext } from './credential.ts';
import { errors, type VaultReply } from './envelope.ts';
import { refusedAsVault } from './refusals.ts';

/** What a request asks for; or what is wrong with it, and how the log calls what it was about. */
export type Asked<Input> = { input: Input } | { status: ErrorStatus; error: string; target: string | null };

export type ReadRequest<Input> = (c: AppContext) => Asked<Input> | Promise<Asked<Input>>;

const isProblem = <Input>(asked: Asked<Input>): asked is Extract<Asked<Input>, { error: string }> => 'error' in asked;

/** A route for callers with a credential. An invalid request is recorded. */
export const answer = <Read extends Input, Result, Input = Read>(
  operation: Operation<Input, Result>,
  read: ReadRequest<Read>,
  success: (result: Result, input: Read, c: AppContext) => VaultReply,
) =>
  async function answerRoute(c: AppContext): Promise<Response> {
    const context = await vaultContext(c);
    if (!('caller' in context)) return send(c, context);
    const tooMuch = await admit(context, operation.action);
    if (tooMuch) return send(c, refusedAsVault(tooMuch));
    if (context.caller.tokenHash !== undefined && !isTokenAction(operation.action)) {
      return send(c, refusedAsVault(await operation.recordInvalid(context, 'token', null)));
    }
    const asked = await read(c);
    if (isProblem(asked)) {
      const refusal = await operation.recordInvalid(context, asked.error, asked.target);
      return send(c, refusal.outcome === 'invalid' ? errors(asked.status, [asked.error]) : refusedAsVault(refusal));
    }
    const outcome = await operation.perform(context, asked.input);
    return sendVault(
      c,
      outcome.outcome === 'allowed' ? success(outcome.result, asked.input, c) : refusedAsVault(outcome),
    );
  };

const sendVault = (c: AppContext, reply: VaultReply): Response =>
  hasBody(reply) ? send(c, reply) : new Response(null, { status: 204, headers: jsonHeaders });

const hasBody = (reply: VaultReply): reply is Reply => reply.status !== 204;
