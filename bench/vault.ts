/** Starts the vault that is measured. */
import { type RunningVault, type Runtime, signIn, startVault } from '../testing/vault.ts';
import { fill, type Size } from './fill.ts';

export interface FilledVault {
  vault: RunningVault;
  /** A session of the admin's. */
  token: string;
  /** From the start of the process to the first healthy answer. */
  startMs: number;
}

/** Starts a new vault for its first accounts, fills it while it is stopped, and starts it again. */
export async function startFilled(runtime: Runtime, size: Size): Promise<FilledVault> {
  const empty = await startVault({ runtime });
  await empty.stop();
  fill(empty, size);
  const began = Date.now();
  const vault = await startVault({ folder: empty.folder, runtime });
  const startMs = Date.now() - began;
  return { vault, token: await signIn(vault.url, 'admin', 'admin123'), startMs };
}
