/** The credential of a client of Vault: a service token or a session token. Cookies do not count here. */
import type { AppContext } from '../http/context.ts';
import { bearerToken, contextOfToken } from '../http/credential.ts';
import type { Context } from '../operations/vault.ts';
import type { Reply } from '../wire/reply.ts';
import { errors, permissionDenied } from './envelope.ts';

/** The caller whom X-Vault-Token or a bearer token (RFC 6750) names; or the reply that says why there is none. */
export const vaultContext = async (c: AppContext): Promise<Context | Reply> => {
  const problem = unservedHeader(c.req.raw.headers);
  if (problem) return problem;
  const token = vaultToken(c.req.raw.headers);
  return (token === null ? null : await contextOfToken(c, token)) ?? permissionDenied;
};

/** Vault takes its own header first. */
export const vaultToken = (headers: Headers): string | null =>
  headers.get('X-Vault-Token') || bearerToken(headers.get('Authorization') ?? '');

/** Asks for what would change the meaning of the request: ignoring it would do something else than was asked for. */
export const unservedHeader = (headers: Headers): Reply | null => {
  if (headers.get('X-Vault-Namespace')) return errors(400, [noNamespaces]);
  if (headers.get('X-Vault-Wrap-TTL')) return errors(400, [noWrapping]);
  return null;
};

const noNamespaces = 'There are no namespaces here. Leave out X-Vault-Namespace, or send it empty.';
const noWrapping = 'Answers are not wrapped here. Leave out X-Vault-Wrap-TTL.';
