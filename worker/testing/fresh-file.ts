/**
 * Before each test file that runs in workerd. The files of a project share processes, since a new one takes longer than most files; so each
 * begins with an empty database and the real clock, whatever the file before it has left.
 */
import { vi } from 'vitest';
import { forgetModules } from './fresh-modules.ts';

/** What files of one process know of each other. */
const shared = globalThis as { hasMovedClock?: boolean; useFakeTimers?: typeof vi.useFakeTimers };

vi.useRealTimers();
vi.restoreAllMocks();
vi.unstubAllGlobals();
// What waits for a time that was ahead on the clock of a test would wait for long. New modules know of no such time.
if (shared.hasMovedClock) await forgetModules();
shared.hasMovedClock = false;
shared.useFakeTimers ??= vi.useFakeTimers.bind(vi);
const { useFakeTimers } = shared;
vi.useFakeTimers = (config) => {
  shared.hasMovedClock = true;
  return useFakeTimers(config);
};

const { emptyDatabase } = await import('./vault.ts');
await emptyDatabase();
