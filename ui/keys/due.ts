/** When a key expires or is due for rotation, in words. Both are reminders: the key answers all the same. */
import type { KeyRow } from './order.ts';

const dayMs = 86_400_000;

/** From so many days before on, the list says that a key is due. */
export const soonDays = 14;

interface Due {
  text: string;
  /** Whole days; negative if it is past. */
  days: number;
}

type Dates = Pick<KeyRow, 'expiresAt' | 'rotationDueAt'>;

/** What is due first, however long it takes; null if nothing ever is. `now` is in ms. */
export const dueOf = ({ expiresAt, rotationDueAt }: Dates, now: number): Due | null => {
  const expiry = momentOf(expiresAt);
  const rotation = momentOf(rotationDueAt);
  const first = Math.min(expiry, rotation);
  if (!Number.isFinite(first)) return null;
  const days = Math.floor((first - now) / dayMs);
  return { text: expiry <= rotation ? expiryText(days) : rotationText(days), days };
};

const momentOf = (time: string | null): number => (time === null ? Number.POSITIVE_INFINITY : Date.parse(time));

const expiryText = (days: number): string => {
  // Not even a day ago is -1.
  if (days < 0) return days === -1 ? 'expired' : `expired ${counted(-days - 1)} ago`;
  return days === 0 ? 'expires today' : `expires in ${counted(days)}`;
};

const rotationText = (days: number): string => {
  if (days < 0) return 'due for rotation';
  return days === 0 ? 'rotation due today' : `rotation due in ${counted(days)}`;
};

const counted = (days: number) => (days === 1 ? '1 day' : `${days} days`);

/** What the list shows of it: what is due soon, or overdue. */
export const dueSoon = (dates: Dates, now: number): Due | null => {
  const due = dueOf(dates, now);
  return due && due.days < soonDays ? due : null;
};

/** How much it stands out. */
export const dueKind = ({ days }: Due): 'overdue' | 'due' | '' => {
  if (days < 0) return 'overdue';
  return days < soonDays ? 'due' : '';
};
