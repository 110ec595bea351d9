/**
 * For HelperScripts/reset-admin.sh: gives an admin of a stopped vault a new password, ends all sessions, and forgets failed
 * sign-ins. `node box/commands/reset-admin.ts [NAME]` (default: admin); the first line of standard input is the password.
 */
import { text } from 'node:stream/consumers';
import { resetAdmin } from '../../core/data-folder/operator-acts.ts';
import { sentences } from '../../core/settings/messages.ts';
import { readKeyring } from '../data/check-database.ts';
import { migrate, openDatabase, requireVault, sqlOf } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { openDesk, runCommand } from './command.ts';

async function main([name = 'admin']: string[]): Promise<number> {
  const { files, lookup } = openDesk();
  requireVault(files);
  const [password = ''] = (await text(process.stdin)).split(/\r?\n/);
  using _lock = lockDataFolder(files.folder);
  using database = openDatabase(files);
  const { copy } = await migrate(files, database);
  if (copy !== undefined) console.log(sentences.databaseCopied(copy));
  const admin = await resetAdmin(sqlOf(database), readKeyring(lookup), name, password, Date.now());
  console.log(sentences.adminReset(admin));
  return 0;
}

if (import.meta.main) await runCommand(main);
