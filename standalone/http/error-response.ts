import { type ErrorAnswer, errorBody, errorHeaders } from '../../core/network/error-answers.ts';

/** An error answer in the place of the worker's, as the gate sends it. */
export const errorResponse = (answer: ErrorAnswer): Response =>
  new Response(errorBody(answer), { status: answer.status, headers: { ...errorHeaders, ...answer.headers } });
