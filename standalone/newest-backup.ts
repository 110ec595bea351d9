/** When the newest backup was made, as the scripts have left it in the data folder. */
import { newestBackupFile, newestBackupHeader, parseNewestBackup } from '../core/newest-backup.ts';

/** The runtime's disk is the folder of the databases. */
const path = newestBackupFile.slice('v3/d1'.length);

/** Makes what tells the worker with a request for the metrics, in a header of it. */
export const createNewestBackup =
  (disk: Fetcher) =>
  async (request: Request): Promise<void> => {
    const file = await disk.fetch(`http://disk${path}`);
    const text = await file.text();
    const at = file.ok ? parseNewestBackup(text) : undefined;
    if (at !== undefined) request.headers.set(newestBackupHeader, String(at));
  };
