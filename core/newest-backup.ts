/**
 * When the newest backup was made, for `/metrics`. The scripts leave the time in a file of the data folder, which only the
 * surroundings of the worker can read; they tell it by a header. A client that sends the header itself, and has the token of the
 * metrics, deceives nobody but itself.
 */

/** Milliseconds since 1970. */
export const newestBackupHeader = 'Keystore-Newest-Backup';

/**
 * In the data folder: the time in ISO 8601, and a line end. It is beside the databases, since the standalone runtime sees no more of
 * the folder.
 */
export const newestBackupFile = 'v3/d1/newest-backup';

/** Whether a request may be one for `/metrics`, also below a BASE_PATH. */
export function asksForMetrics(target: string): boolean {
  return /\/metrics(?:\?|$)/.test(target);
}

/** The time in the file; undefined if the file does not hold one. */
export function parseNewestBackup(text: string): number | undefined {
  const at = Date.parse(text.trim());
  return Number.isSafeInteger(at) && at > 0 ? at : undefined;
}
