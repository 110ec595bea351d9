/** What a request costs on D1, as counts. */

import { expect, test } from 'vitest';
import { compareWithAccepted } from './accepted.ts';
import { countedVault } from './counted-vault.ts';
import { holdClock } from './counters.ts';
import { countOperations } from './operations.ts';

test('a request under npm start does the work that bench/counts.json says', async ({ task }) => {
  const moveClock = holdClock();
  const counts = await countOperations(await countedVault(), moveClock);
  Object.assign(task.meta, { counts: { 'npm start': counts } });
  expect(counts.read?.['database round trips']).toBe(1);
  compareWithAccepted('npm start', counts);
});
