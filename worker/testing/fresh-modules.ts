/** The modules of the worker as if nothing had loaded them yet, for a test file that shares its process with others. */
import { vi } from 'vitest';

/** What is imported after it is loaded anew, which takes a second for the whole worker. */
export const forgetModules = async (): Promise<void> => {
  vi.resetModules();
  const { testDb } = await import('./test-database.ts');
  // The standalone runtime's database is an object of such a module. Its first call fails, and puts a new one in its place.
  await testDb()
    .prepare('SELECT 1')
    .all()
    .catch(() => undefined);
};
