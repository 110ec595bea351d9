/** How long a client has to wait, from the answer to words. */

/**
 * The seconds that a Retry-After header asks for: a number, or a date (RFC 9110, section 10.2.3).
 *
 * @returns null if there is none, or if it cannot be read.
 */
export const secondsFrom = (text: string, now = Date.now()): number | null => {
  if (text.trim() === '') return null;
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
};

/** Says when to try again, instead of what `sentences` say about that themselves. */
export const withWait = (sentences: string, seconds: number | null): string => {
  if (seconds === null) return sentences;
  const reason = sentences.split(/(?<=[.!?])\s+/).filter((sentence) => !/\b(try|wait|retry)\b/i.test(sentence));
  return [...reason.map((sentence) => sentence.replace(/\w$/, '$&.')), `Try again in ${waitOf(seconds)}.`].join(' ');
};

/** Whole units, rounded up, so that trying again after it succeeds. */
const waitOf = (seconds: number): string => {
  if (seconds < 90) return counted(seconds, 'second');
  if (seconds < 90 * 60) return counted(Math.ceil(seconds / 60), 'minute');
  return counted(Math.ceil(seconds / 3600), 'hour');
};

const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
