/** Starts the vault that is measured. */
import { type Runtime, signIn, startVault } from '../testing/vault.ts';
import { fill, type Size } from './fill.ts';

/**
 * Starts a new vault for its first accounts, fills it while it is stopped, and starts it again. `token` is a session of the
 * admin's, `startMs` the time from the start of the process to the first healthy answer.
 */
export async function startFilled(runtime: Runtime, size: Size) {
  const empty = await startVault({ runtime });
  await empty.stop();
  fill(empty, size);
  const began = Date.now();
  // One account sends everything that is measured.
  const env = { MAX_REQUESTS_PER_MINUTE: '999999999' };
  const vault = await startVault({ folder: empty.folder, runtime, env });
  const startMs = Date.now() - began;
  return { ...vault, token: await signIn(vault.url, 'admin', 'admin123'), startMs };
}
