/** Answers about the log. */
import * as v from 'valibot';
import { longNumber, time, whole } from './parts.ts';

export const logEntry = v.strictObject({
  id: whole,
  timestamp: time,
  user_name: v.pipe(v.nullable(v.string()), v.description('Who did it: a person, or the project whose token it was.')),
  key_name: v.nullable(v.string()),
  action: v.string(),
  ip_address: v.string(),
  success: v.boolean(),
  target: v.pipe(v.nullable(v.string()), v.description('To what or to whom.')),
  outcome: v.string(),
  reason: v.pipe(v.nullable(v.string()), v.description('Why it was refused, or what was changed.')),
  role: v.pipe(v.nullable(v.string()), v.description('Null for a token of a project.')),
  project: v.pipe(v.nullable(v.string()), v.description('The project whose token it was.')),
  token: v.pipe(v.nullable(v.string()), v.description('The service token that it was done with; null for a session.')),
  token_id: v.nullable(longNumber),
  request_id: v.pipe(v.string(), v.description('The same for all entries of one request.')),
  user_agent: v.string(),
  child: v.optional(
    v.pipe(v.string(), v.description('The child token that was sent, by the beginning of its accessor, if one was.')),
  ),
  via: v.optional(
    v.pipe(
      v.string(),
      v.description(
        'How a value was asked for: reveal or copy, as the browser said, bulk with others in one request, or api. Missing on reads before this was recorded.',
      ),
    ),
  ),
  count: v.optional(v.pipe(whole, v.description('How many requests the entry stands for, if more than one.'))),
});

export const logList = v.strictObject({
  logs: v.array(logEntry),
  next: v.optional(v.pipe(whole, v.description('What to ask for with before, if there may be older entries.'))),
});

export const logExport = v.string();

export const lastUses = v.strictObject({
  uses: v.array(
    v.strictObject({
      key_name: v.string(),
      timestamp: time,
      user_name: v.pipe(v.string(), v.description('Who read it: a person, or the project whose token it was.')),
    }),
  ),
  complete_from: v.optional(v.pipe(time, v.description('How far back it goes, if that is not the whole log.'))),
});

export const activity = v.strictObject({
  activity: v.array(v.strictObject({ time, allowed: whole, refused: whole })),
  step: v.pipe(whole, v.description('How many seconds each count is of: 60, 3600 or 86400.')),
  complete_from: v.optional(v.pipe(time, v.description('If set, only the events since this time were counted.'))),
});
