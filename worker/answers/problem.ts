/** Errors as RFC 9457 has them, for clients that ask for `application/problem+json`. */
import * as v from 'valibot';
import { notImported } from './keys.ts';
import { unavailable } from './parts.ts';

const { error: _, ...ofImports } = notImported.entries;

export const problem = v.strictObject({
  type: v.literal('about:blank'),
  title: v.pipe(v.string(), v.description('The words for the status.')),
  status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
  detail: v.pipe(v.string(), v.description('What is wrong and what to do.')),
  reason: unavailable.entries.reason,
  ...ofImports,
});
