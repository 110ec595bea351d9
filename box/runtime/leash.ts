/**
 * Loaded into wrangler before anything else (`node --import`). When the launcher is gone, in whatever way, the channel to
 * it closes; then wrangler and all that it started go too, and the folder that they ran in.
 */
import { rmSync } from 'node:fs';

process.once('disconnect', () => {
  try {
    rmSync(process.env.KEYSTORE_RUN_FOLDER ?? '', { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  } finally {
    // The launcher made this process the leader of a group.
    process.kill(-process.pid, 'SIGKILL');
  }
});
