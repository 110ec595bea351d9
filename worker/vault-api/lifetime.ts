/** Lifetimes as clients of Vault write them: seconds as a number or text, or what Go calls a duration, with days. */

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const duration = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/;
const part = /(\d+(?:\.\d+)?)(ms|[smhd])/g;

/** A century. What is longer is no lifetime. */
const maxMs = 100 * 365 * 86_400_000;

/** Milliseconds, of which null and 0 are none; undefined for what is no lifetime. */
export const lifetimeOf = (given: unknown): number | null | undefined => {
  if (given === undefined || given === null || given === '') return null;
  const ms = typeof given === 'number' ? given * 1_000 : typeof given === 'string' ? msIn(given.trim()) : Number.NaN;
  if (!Number.isFinite(ms) || ms < 0 || ms > maxMs) return undefined;
  return Math.ceil(ms) || null;
};

const msIn = (text: string): number => {
  if (text.length > 40) return Number.NaN;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  if (!duration.test(text)) return Number.NaN;
  return [...text.matchAll(part)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
};
