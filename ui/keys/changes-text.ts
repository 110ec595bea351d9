/** What somebody else has changed of a key, in words. */
import { labelsText } from './labels.ts';
import type { Conflict } from './model.ts';
import type { KeyRow } from './order.ts';

/** As in `: a new value by amara, another description`; empty if it is nothing that the list shows. */
export const changesText = (now: KeyRow, { before, by }: Conflict): string => {
  const changes = [
    now.version !== before.version && `a new value${by === null ? '' : ` by ${by}`}`,
    now.description !== before.description && 'another description',
    now.expiresAt !== before.expiresAt && 'another expiry',
    now.rotateEveryDays !== before.rotateEveryDays && 'another rotation',
    labelsText(now.labels) !== labelsText(before.labels) && 'other labels',
    (now.owner !== before.owner || now.project !== before.project) && 'another owner',
  ].filter(Boolean);
  return changes.length === 0 ? '' : `: ${changes.join(', ')}`;
};
