/** RFC 9457: an error in the form of problem details. */
import type { InferOutput } from 'valibot';
import type * as answers from '../answers/problem.ts';
import type { ErrorStatus } from './reply.ts';

export const problemType = 'application/problem+json';

/** RFC 9457, section 4.2.1: of a problem of no type of its own, the title is that of the status. */
const titles: Record<ErrorStatus, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The body of an error as problem details; null if it is none, as of a probe, whose `status` means something else. */
export const problemOf = (status: number, body: unknown): InferOutput<typeof answers.problem> | null => {
  if (status < 400 || !isError(body)) return null;
  const { error: detail, ...others } = body;
  return { type: 'about:blank', title: titles[status as ErrorStatus], status, detail, ...others };
};

const isError = (body: unknown): body is { error: string } =>
  typeof body === 'object' && body !== null && 'error' in body && !('status' in body);
