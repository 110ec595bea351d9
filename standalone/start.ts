/** Brings the vault up, as the launcher asks on the control socket. */

import { unusableDatabase } from '../core/data-folder/database.ts';
import { standaloneLockName, vaultPaths } from '../core/data-folder/layout.ts';
import { sentences, welcome } from '../core/settings/messages.ts';
import { type Bindings, database, type Opened } from './database/object.ts';
import { readBindings } from './env.ts';

/**
 * Locks the folder, opens the database in it, and asks the worker whether it is healthy. Answers 200 and the lines for the
 * operator; or 202 and the path to which the database must be copied before it is upgraded; or 503 and what is wrong.
 *
 * @param given `port`, where the vault listens, and `copied` if the copy has been made.
 */
export const bringUp = async (
  bindings: Bindings,
  given: URLSearchParams,
  health: () => Response | Promise<Response>,
): Promise<Response> => {
  try {
    await bindings.LOCK.get(bindings.LOCK.idFromName(standaloneLockName)).fetch('http://lock/');
  } catch {
    // If another process holds the lock, the runtime says so in its log, which the launcher reads, and not here.
    return refusal(
      'The data folder cannot be written to; see the lines above. Check its owner, its mode and the free space on its disk.',
    );
  }
  let opened: Opened;
  try {
    readBindings(bindings);
    opened = await database(bindings).open(given.has('copied'));
  } catch (error) {
    if ((error as Error).name === 'OperatorError') return refusal((error as Error).message);
    const { file } = vaultPaths(bindings.DATA_FOLDER);
    return refusal(unusableDatabase(file, 'cannot be read; see the lines above').message);
  }
  if ('copyTo' in opened) return new Response(opened.copyTo, { status: 202 });
  const answer = await health();
  const { error, warning } = (await answer.json()) as { error?: unknown; warning?: string };
  if (!answer.ok) return refusal(sentences.notHealthy(error));
  const lines = welcome({
    hosts: bindings.HOSTS.split(' '),
    port: Number(given.get('port')),
    basePath: bindings.BASE_PATH,
    hasTls: bindings.HAS_TLS === 'yes',
    isNew: opened.isNew,
    hasPassword: bindings.ADMIN_PASSWORD !== undefined,
    isLocal: 'LOCAL_ONLY' in readBindings(bindings).worker,
    command: './keystore',
  });
  const copied = opened.copy === undefined ? undefined : sentences.databaseCopied(opened.copy);
  return new Response(
    [copied, ...opened.proxies.map(sentences.likelyProxy), warning, lines]
      .filter((part) => part !== undefined)
      .join('\n'),
  );
};

/**
 * Gives an admin the password that the launcher has read. Answers 200 or 503 and a sentence for the operator; or 409 if the account is not
 * what the vault has sealed.
 *
 * @param given `meant` if the operator says that it is meant all the same.
 */
export const resetPassword = async (bindings: Bindings, given: URLSearchParams): Promise<Response> => {
  const [name = '', password = ''] = bindings.NEW_PASSWORD?.split('\n') ?? [];
  try {
    const done = await database(bindings).resetAdmin(name, password, given.has('meant'));
    return 'said' in done ? new Response(done.said) : new Response(done.changed, { status: 409 });
  } catch (error) {
    if ((error as Error).name !== 'OperatorError') throw error;
    return refusal((error as Error).message);
  }
};

const refusal = (sentence: string) => new Response(sentence, { status: 503 });
