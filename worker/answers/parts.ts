/** What many answers have in common. */
import * as v from 'valibot';
import { projectRoles, roles } from '../../core/policy/policy.ts';

const isoPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** ISO 8601 in UTC, to the millisecond. */
export const time = v.pipe(v.string(), v.regex(isoPattern), v.isoTimestamp());

/** A number that counts something, or names one of what is counted. */
export const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The number of an account, a key or a service token: up to 16 digits, which programs do not get into 32 bits. */
export const longNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.metadata({ format: 'int64' }));

export const role = v.picklist(roles);
export const projectRole = v.picklist(projectRoles);

/** What a change answers: that it was made. */
export const done = v.strictObject({ message: v.string() });

export const error = v.strictObject({
  error: v.pipe(v.string(), v.description('What is wrong and what to do.')),
});

/** A 503: if the vault cannot serve at all, with the reason as /health gives it. */
export const unavailable = v.strictObject({ ...error.entries, reason: v.optional(v.string()) });
