/** `keystore login`: signs in with a password, or keeps a token that was made elsewhere. */

import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { ask, canAsk, readInput, textOf } from '../terminal/input.ts';
import { note, printable, say, sayJson } from '../terminal/output.ts';
import { Vault } from '../vault/client.ts';
import { checkToken, configPath, isExposed, readSession, vaultUrl, writeSession } from '../vault/config.ts';
import { identify } from '../vault/identity.ts';
import type { Given } from './arguments.ts';

interface SignedIn {
  token: string;
  user: string;
  must_change_password: boolean;
}

export async function run(given: Given): Promise<undefined> {
  const url = await urlOf(given.argument(0));
  if (isExposed(url)) note(`${url} has no TLS: everybody on the way can read the token and the values. Use https.`);
  const token = given.has('token-stdin')
    ? checkToken(textOf(await readInput(), 'Standard input').trim(), 'standard input')
    : await signIn(new Vault({ url, token: undefined }), given);
  const { user, expires_at: expiry } = await identify(new Vault({ url, token }));
  writeSession({ url, token, user, ...(expiry === null ? {} : { expires_at: expiry }) });
  if (process.env.KEYSTORE_TOKEN || process.env.KEYSTORE_TOKEN_FILE) {
    note('KEYSTORE_TOKEN or KEYSTORE_TOKEN_FILE is set and goes before what was stored now.');
  }
  if (given.json) sayJson({ url, user, expires_at: expiry, file: configPath() });
  else say(`Signed in to ${url} as ${printable(user)}. The token is in ${configPath()}.`);
}

async function urlOf(argument: string): Promise<string> {
  const known = argument || process.env.KEYSTORE_URL || readSession()?.url;
  if (known !== undefined) return vaultUrl(known);
  if (!canAsk()) throw usageFailure('Which vault? Write: keystore login https://vault.example.com');
  return vaultUrl((await ask('Vault [http://localhost:5000]: ')).trim() || 'http://localhost:5000');
}

async function signIn(vault: Vault, given: Given): Promise<string> {
  const username = given.text('user') ?? (await askFor('User name: ', '--user NAME'));
  const password = given.has('password-stdin')
    ? textOf(await readInput(), 'Standard input').replace(/\r?\n$/, '')
    : await askFor('Password: ', '--password-stdin', true);
  const { body } = await vault.askAnonymously<SignedIn>('POST', '/auth/login', { body: { username, password } });
  if (body.must_change_password) await changePassword(new Vault({ url: vault.url, token: body.token }), password);
  return body.token;
}

async function askFor(question: string, option: string, isHidden = false): Promise<string> {
  if (!canAsk()) throw usageFailure(`There is no terminal to ask on. Use ${option}.`);
  return ask(question, { isHidden });
}

/** An account that still has its default password can do nothing else on some vaults. */
async function changePassword(vault: Vault, current: string): Promise<void> {
  if (!canAsk()) {
    note('The account still has its default password. Change it with keystore login on a terminal, or in the browser.');
    return;
  }
  note('The account has a password that must be changed.');
  const wanted = await ask('New password: ', { isHidden: true });
  if ((await ask('Once more: ', { isHidden: true })) !== wanted) {
    throw new Failure('The two passwords differ. Nothing was changed.', exitCodes.usage);
  }
  await vault.ask('POST', '/auth/password', { body: { current_password: current, new_password: wanted } });
}
