/**
 * The second face of the vault: the API of HashiCorp Vault and OpenBao, as far as a store of secrets needs it, so that their clients
 * work unchanged. It decides nothing: policy, log and SQL are those of the operations.
 */

import { pathnameOf } from '../../core/pathname.ts';
import { type AppContext, router } from '../http/context.ts';
import { replyToError } from '../http/errors.ts';
import { send } from '../http/send.ts';
import { auth } from './auth.ts';
import { vaultContext } from './credential.ts';
import { errors } from './envelope.ts';
import { kv } from './kv.ts';
import { asVault } from './refusals.ts';
import { sys } from './sys.ts';

const root = '/v1/';

/** Only for paths of this face do errors have its form. */
export const isVaultPath = (c: AppContext): boolean => pathnameOf(c.req.url).startsWith(root);

/** RFC 9110, section 15.5.6, in Vault's words. */
export const vaultMethods = (methods: string[]) =>
  errors(405, ['unsupported operation', `This path accepts ${methods.join(', ')}.`], { Allow: methods.join(', ') });

const unknownPath = async (c: AppContext): Promise<Response> => {
  const context = await vaultContext(c);
  if (!('caller' in context)) return send(c, context);
  return send(c, errors(404, ['no handler for this path. docs/VAULT.md has what is served here.']));
};

export const vaultApi = router()
  .onError((error, c) => send(c, asVault(replyToError(error))))
  .route('/', kv)
  .route('/', auth)
  .route('/', sys)
  .all(`${root}*`, unknownPath);
