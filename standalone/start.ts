import type { Bindings } from './database/bindings.ts';
import { database } from './database/object.ts';

/** Where the lock of the folder is, as an object's name; box/data/lock.ts derives the same file from it. */
const lockName = 'vault';

/**
 * Takes the folder, then opens the database in it. Answers 200 and what was found, or 503 and a sentence for the operator.
 *
 * @param isCopied whether a database that is to be upgraded has been copied. If not, the answer says that it must be.
 */
export const bringUp = async (bindings: Bindings, isCopied: boolean): Promise<Response> => {
  try {
    await bindings.LOCK.get(bindings.LOCK.idFromName(lockName)).fetch('http://lock/');
  } catch {
    // If it is locked the launcher knows, from what the runtime says to it and not to us.
    return refusal(
      'The data folder cannot be written to; the lines above say more. Check its owner, its mode and the room on its disk.',
    );
  }
  try {
    return Response.json(await database(bindings).open(isCopied));
  } catch (error) {
    if ((error as Error).name === 'UnusableDatabase') return refusal((error as Error).message);
    return refusal(
      'The database cannot be read; the lines above say more. Nothing was changed. Bring back a backup with HelperScripts/restore-data.sh FILE.',
    );
  }
};

const refusal = (sentence: string) => new Response(sentence, { status: 503 });
