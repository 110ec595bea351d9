/** The answers about many keys at once. */
import type { ResultOf } from '../operations/operation.ts';
import type { readValues } from '../operations/read-values.ts';

/** Every name is an ordinary one, `__proto__` too: `fromEntries` defines properties, and assigns none. */
export const values = ({ values: found, missing }: ResultOf<typeof readValues>) => ({
  values: Object.fromEntries(found),
  missing,
});
