/** Why a key needs care, in words. */
import type { CareKey, CareReason } from '../api/wire.ts';

/** What the page calls those with the reason, in the order in which it offers them. */
export const reasonNames: Record<CareReason, string> = {
  rotation_overdue: 'Due for rotation',
  expiring: 'Expiring',
  owner_inactive: 'Owner switched off',
  same_value: 'Same value',
  unchanged: 'Unchanged for a year',
  unused: 'Not read in 90 days',
};

export interface Reason {
  reason: CareReason;
  text: string;
  /** How much it stands out. */
  tone: 'overdue' | 'due' | '';
}

const dayMs = 86_400_000;

/** The reasons of one key. `at` is in ms. */
export const reasonsOf = (key: CareKey, at: number): Reason[] =>
  key.reasons.map((reason) => ({ reason, ...textOf(reason, key, at) }));

const textOf = (reason: CareReason, key: CareKey, at: number): Omit<Reason, 'reason'> => {
  switch (reason) {
    case 'rotation_overdue':
      return { text: rotationText(-daysOf(key.rotation_due_at, at) - 1), tone: 'overdue' };
    case 'expiring':
      return expiryOf(key.expires_at, at);
    case 'owner_inactive':
      return { text: 'owner switched off', tone: 'due' };
    case 'same_value':
      return { text: 'same value', tone: 'due' };
    case 'unchanged':
      return { text: 'unchanged for a year', tone: '' };
    case 'unused':
      return { text: 'not read in 90 days', tone: '' };
  }
};

const daysOf = (time: string | null, at: number) => (time === null ? 0 : Math.floor((Date.parse(time) - at) / dayMs));
const counted = (days: number) => (days === 1 ? '1 day' : `${days.toLocaleString()} days`);
const rotationText = (days: number) => (days <= 0 ? 'due for rotation' : `rotation ${counted(days)} overdue`);

const expiryOf = (time: string | null, at: number): Omit<Reason, 'reason'> => {
  const days = daysOf(time, at);
  // Not even a day ago is -1.
  if (days < 0) return { text: days === -1 ? 'expired' : `expired ${counted(-days - 1)} ago`, tone: 'overdue' };
  return { text: days === 0 ? 'expires today' : `expires in ${counted(days)}`, tone: 'due' };
};
