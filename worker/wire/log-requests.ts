/** What a request about the log may contain. */
import * as v from 'valibot';
import {
  defaultActivityDays,
  defaultActivityHours,
  defaultActivityMinutes,
  maxActionsPerFilter,
  maxActivityDays,
  maxActivityHours,
  maxActivityMinutes,
  maxEventsPerList,
} from '../../core/limits.ts';
import { outcomes } from '../../core/policy/policy.ts';
import { kindsNamed, type TextMatch, textMatches } from '../../core/vocabulary.ts';
import { filter, shownAs, text, wholeNumber } from './requests.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** The years to 9999, as an ISO 8601 time can say them. */
const maxTimeMs = 253_402_300_799_999;

const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Without a zone it is UTC. In a query, a `+` that is not encoded arrives as a blank. Null if it is no time. */
const timeIn = (given: string): number | null => {
  if (/^\d{1,15}$/.test(given)) return Number(given) <= maxTimeMs ? Number(given) : null;
  const written = given.replace(/ (?=\d\d:\d\d$)/, '+');
  if (!isoTime.test(written)) return null;
  const ms = Date.parse(/T.*(?:Z|[+-]\d\d:\d\d)$/.test(written) || !written.includes('T') ? written : `${written}Z`);
  return Number.isNaN(ms) || ms < 0 || ms > maxTimeMs ? null : ms;
};

const time = (field: string) =>
  v.optional(
    v.pipe(
      v.string(),
      shownAs<string>({
        description: 'ISO 8601, in UTC if it names no zone, or milliseconds since 1970.',
        examples: ['2026-11-25T09:30:00Z', '1795599000000'],
      }),
      v.check(
        (given) => given === '' || timeIn(given) !== null,
        `${field} must be a time: ISO 8601, such as 2026-11-25T09:30:00Z, or milliseconds since 1970.`,
      ),
      v.transform((given) => (given === '' ? null : timeIn(given))),
    ),
  );

const listed = (given: string) =>
  given
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const isOutcome = (given: string) => outcomes.some((outcome) => outcome === given);

const outcome = v.optional(
  v.pipe(
    v.string(),
    shownAs<string>({ description: `One or more of ${outcomes.join(', ')}, with commas between them.` }),
    v.check((given) => listed(given).every(isOutcome), `outcome must be one or more of ${outcomes.join(', ')}.`),
    v.transform((given) => outcomes.filter((each) => listed(given).includes(each))),
  ),
);

const action = v.optional(
  v.pipe(
    text('action'),
    shownAs<string>({ description: 'One or more names or parts of them, with commas between them.' }),
    v.check(
      (given) => listed(given).length <= maxActionsPerFilter && given.length <= 1_000,
      `action may name at most ${maxActionsPerFilter} actions.`,
    ),
    v.transform(listed),
  ),
);

const filters = {
  user_name: filter('user_name'),
  key_name: filter('key_name'),
  ip_address: filter('ip_address'),
  token: filter('token'),
  token_id: v.optional(wholeNumber('token_id', 1, Number.MAX_SAFE_INTEGER)),
  project: filter('project'),
  action,
  outcome,
  success: v.optional(v.picklist(['true', 'false'], 'success must be true or false.')),
  match: v.optional(v.picklist(textMatches, 'match must be "contains", "exact" or "prefix".'), 'contains'),
  from: time('from'),
  to: time('to'),
};

type Asked = v.InferOutput<v.ObjectSchema<typeof filters, undefined>>;

const kindsOf = (parts: string[], match: TextMatch) => [...new Set(parts.flatMap((part) => kindsNamed(part, match)))];

/** Whether only allowed or only refused ones are asked for; null for both. By this, blocks of the log are skipped. */
const allowedOf = (success: string | undefined, some: readonly string[]): boolean | null => {
  if (success !== undefined) return success === 'true';
  if (some.length === 0 || (some.includes('allowed') && some.length > 1)) return null;
  return some.includes('allowed');
};

const eventFilter = ({ action: actions = [], outcome: some = [], success, match, ...given }: Asked) => ({
  actor: given.user_name ?? null,
  target: given.key_name ?? null,
  address: given.ip_address ?? null,
  token: given.token ?? null,
  project: given.project ?? null,
  token_id: given.token_id ?? null,
  allowed: allowedOf(success, some),
  outcomes: some.length > 0 ? some : null,
  kinds: actions.length > 0 ? kindsOf(actions, match) : null,
  action_parts: actions.length > 0 ? actions : null,
  from: given.from ?? null,
  to: given.to ?? null,
  match,
});

const isSpan = (from: number | null = null, to: number | null = null) => from === null || to === null || from < to;
const noSpan = 'from must be before to.';

export const logQuery = v.pipe(
  v.object({
    ...filters,
    before: v.optional(wholeNumber('before', 1, Number.MAX_SAFE_INTEGER)),
    after: v.optional(wholeNumber('after', 0, Number.MAX_SAFE_INTEGER)),
    limit: v.optional(wholeNumber('limit', 1, maxEventsPerList)),
  }),
  v.check(({ from, to }) => isSpan(from, to), noSpan),
  v.transform(({ before = null, after = null, limit = null, ...query }) => ({
    ...eventFilter(query),
    ...{ before, after, limit },
  })),
);

export const exportQuery = v.pipe(
  v.object({
    ...filters,
    format: v.optional(v.picklist(['jsonl', 'csv'], 'format must be "jsonl" or "csv".'), 'jsonl'),
    before: v.optional(wholeNumber('before', 1, Number.MAX_SAFE_INTEGER)),
    after: v.optional(wholeNumber('after', 0, Number.MAX_SAFE_INTEGER)),
  }),
  v.check(({ from, to }) => isSpan(from, to), noSpan),
  v.transform(({ before = null, after = null, format, ...query }) => ({
    ...eventFilter(query),
    ...{ before, after, format },
  })),
);

const steps = {
  minute: { stepMs: minuteMs, steps: defaultActivityMinutes, maxSteps: maxActivityMinutes },
  hour: { stepMs: hourMs, steps: defaultActivityHours, maxSteps: maxActivityHours },
  day: { stepMs: dayMs, steps: defaultActivityDays, maxSteps: maxActivityDays },
} as const;

/** The step that makes a chart of some 24 to 180 bars. */
const fittingStep = (ms: number): keyof typeof steps =>
  ms <= 3 * hourMs ? 'minute' : ms <= 7 * dayMs ? 'hour' : 'day';

export const activityQuery = v.pipe(
  v.object({
    ...filters,
    per: v.optional(v.picklist(['minute', 'hour', 'day'], 'per must be "minute", "hour" or "day".')),
    hours: v.optional(wholeNumber('hours', 1, maxActivityHours)),
  }),
  v.check(({ from, to }) => isSpan(from, to), noSpan),
  v.transform(({ per, hours, ...query }) => {
    const { from, to, ...rest } = eventFilter(query);
    const asked = per ?? (from === null ? 'hour' : fittingStep((to ?? Date.now()) - from));
    const step = steps[asked];
    return { ...rest, from, to, ...step, ...(hours !== undefined && asked === 'hour' && { steps: hours }) };
  }),
);
