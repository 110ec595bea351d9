/** `keystore logout`: ends the stored session on the vault as well. */

import { note, say, sayJson } from '../terminal/output.ts';
import { Vault } from '../vault/client.ts';
import { readSession, removeSession, vaultUrl } from '../vault/config.ts';
import { Copies } from '../vault/copies.ts';
import { isServiceToken } from '../vault/identity.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const session = readSession();
  if (session !== undefined) {
    const url = vaultUrl(session.url);
    removeSession();
    await new Copies(url, session.token).forget();
    try {
      // A service token has no session, and goes on elsewhere.
      if (!isServiceToken(session.token)) {
        await new Vault({ url, token: session.token }).ask('POST', '/auth/logout', { accept: [401] });
      }
    } catch (error) {
      note(`The token was removed here, but its session goes on in the vault: ${(error as Error).message}`);
    }
  }
  if (given.json) sayJson({ signed_out: session !== undefined });
  else say(session === undefined ? 'Nobody was signed in.' : 'Signed out.');
}
