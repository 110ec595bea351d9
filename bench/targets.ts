/** Starts what is measured: vaults on both runtimes, filled. */
import { type Runtime, signIn, startVault } from '../testing/vault.ts';
import type { HttpRequest } from './client.ts';
import { fill, type Size } from './fill.ts';
import type { Server } from './load.ts';
import { requestsFor } from './requests.ts';

/** A server under load, with the requests of an operation; undefined for one that it does not have. */
export interface Target extends Server {
  name: string;
  /** From the start of the process to the first healthy answer. */
  startMs: number;
  requests: (operation: string) => HttpRequest[] | undefined;
  dispose: () => Promise<void>;
}

/** What the tables call the runtimes. */
const names: Record<Runtime, string> = { wrangler: 'npm start', standalone: 'standalone' };

/** Starts a new vault for its first accounts, fills it while it is stopped, and starts it again. */
export async function startFilled(runtime: Runtime, size: Size): Promise<Target> {
  const empty = await startVault({ runtime });
  await empty.stop();
  fill(empty, size);
  const began = Date.now();
  // One account sends everything that is measured.
  const env = { MAX_REQUESTS_PER_MINUTE: '999999999' };
  const vault = await startVault({ folder: empty.folder, runtime, env });
  const startMs = Date.now() - began;
  const tokens = {
    admin: await signIn(vault.url, 'admin', 'admin123'),
    user: await signIn(vault.url, 'user', 'user123'),
  };
  return {
    name: names[runtime],
    url: vault.url,
    pid: vault.process.pid ?? 0,
    startMs,
    requests: (operation) => requestsFor(operation, tokens, size),
    dispose: vault.dispose,
  };
}
