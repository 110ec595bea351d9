/**
 * Children: short-lived tokens for programs that log in. A child of a service token is one more secret of it; a child of a sign-in is a
 * session that may do less. Either has the reach of what made it or less, and ends with it.
 */
import { newSessionId } from '../../core/crypto/session-token.ts';
import type { NewChild } from './new-child.ts';
import { newSecret } from './new-token.ts';
import { byCredential } from './operation.ts';
import { childOfSession } from './session-child.ts';
import { childOfToken } from './token-child.ts';
import type { Context } from './vault.ts';

const makeChild = byCredential(childOfToken, childOfSession);

/** Makes a child of the credential that the request came with. The result is the only place where its secret is. */
export const createChild = {
  ...makeChild,
  perform: (context: Context, asked: NewChild) => {
    if (context.caller.tokenHash === undefined)
      return makeChild.perform(context, { ...asked, id: newSessionId(), secret: '' });
    const { secret, hash: id } = newSecret();
    return makeChild.perform(context, { ...asked, id, secret });
  },
};
