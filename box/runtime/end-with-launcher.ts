/**
 * Loaded into wrangler, by `in-wrangler.ts`. Its channel to the launcher closes when the launcher ends,
 * even by SIGKILL. Then this ends wrangler and all its children, and removes the folder that they ran in.
 */
import { rmSync } from 'node:fs';

process.once('disconnect', () => {
  try {
    rmSync(process.env.KEYSTORE_RUN_FOLDER ?? '', { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  } finally {
    // The launcher made this process the leader of a process group.
    process.kill(-process.pid, 'SIGKILL');
  }
});
