/** When the newest backup was made, as the scripts have left it in the data folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newestBackupFile, parseNewestBackup } from '../../core/newest-backup.ts';

/** Resolves to ms since 1970; to undefined if there was none, or the file says nothing. */
export async function readNewestBackup(dataFolder: string): Promise<number | undefined> {
  const text = await readFile(join(dataFolder, newestBackupFile), 'utf8').catch(() => '');
  return parseNewestBackup(text);
}
