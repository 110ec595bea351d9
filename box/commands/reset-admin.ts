/**
 * For HelperScripts/reset-admin.sh: gives an admin of a stopped vault a new password, ends all sessions, and forgets failed
 * sign-ins. `node box/commands/reset-admin.ts [NAME] [--meant]` (default: admin); the first line of standard input is the password.
 */
import { text } from 'node:stream/consumers';
import { AccountChanged, resetAdmin } from '../../core/data-folder/operator-acts.ts';
import { sealedState } from '../../core/data-folder/sealed-state.ts';
import { sentences } from '../../core/settings/messages.ts';
import { checkStaysSealed } from '../../core/settings/require-seals.ts';
import { readKeyring } from '../data/check-database.ts';
import { migrate, openDatabase, requireVault, sqlOf } from '../data/database.ts';
import { lockDataFolder } from '../data/lock.ts';
import { openDesk, runCommand, say } from './command.ts';

/** The exit code if the account is not what the vault has sealed: with --meant the operator says that it is meant. */
const changedAccount = 4;

async function main(options: string[]): Promise<number> {
  const [name = 'admin'] = options.filter((each) => each !== '--meant');
  const { files, lookup } = openDesk();
  requireVault(files);
  const [password = ''] = (await text(process.stdin)).split(/\r?\n/);
  using _lock = lockDataFolder(files.folder);
  using database = openDatabase(files);
  const keyring = readKeyring(lookup);
  checkStaysSealed(lookup, sealedState(sqlOf(database), keyring), files.folder);
  const { copy } = await migrate(files, database);
  if (copy !== undefined) console.log(sentences.databaseCopied(copy));
  try {
    const isMeant = options.includes('--meant');
    console.log(sentences.adminReset(await resetAdmin(sqlOf(database), keyring, name, password, Date.now(), isMeant)));
    return 0;
  } catch (error) {
    if (!(error instanceof AccountChanged)) throw error;
    say(sentences.accountChanged(error.admin));
    return changedAccount;
  }
}

if (import.meta.main) await runCommand(main);
