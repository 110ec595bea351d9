/** Parses the times of v0.6: UTC without a time zone, as SQLite's CURRENT_TIMESTAMP or Python's datetime write them. */

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(?:Z|UTC|([+-])(\d\d):?(\d\d))?$/i;

/** A larger number means milliseconds: as seconds it is in the year 5138, as milliseconds in 1973. */
const maxSeconds = 1e11;

/** @returns milliseconds since 1970; null if v0.6 cannot have stored this as a time. */
export function parseTime(stored: unknown): number | null {
  if (typeof stored === 'number' || typeof stored === 'bigint') return fromNumber(Number(stored));
  if (typeof stored !== 'string') return null;
  const match = form.exec(stored.trim());
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Fields;
  const fraction = Math.floor(Number(`0.${match[7] ?? 0}`) * 1000);
  const time = Date.UTC(year, month - 1, day, hour, minute, second, fraction);
  // Date.UTC turns 30 February into a day in March.
  const date = new Date(time);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    return null;
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  return time - (match[8] === '-' ? -1 : 1) * offsetMinutes * 60_000;
}

type Fields = [year: number, month: number, day: number, hour: number, minute: number, second: number];

function fromNumber(stored: number): number | null {
  if (!Number.isFinite(stored) || stored < 0 || stored > maxSeconds * 1000) return null;
  return Math.round(stored < maxSeconds ? stored * 1000 : stored);
}
