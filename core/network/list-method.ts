/**
 * The method LIST, with which some clients of Vault ask for what is in a folder. Neither Node.js nor workerd knows it. It means the same as
 * GET with `list=true` in the query, which the same caller could have sent, so that the worker gets that. Only the Vault API has lists of
 * this kind.
 */
import type { Head } from './head.ts';
import { hasBody } from './head.ts';

export const listMethod = 'LIST';

/** In the path of the Vault API, also below BASE_PATH. */
const isOfVaultApi = /^[^?#]*\/v1\/[^#]*$/;

/** The head of a GET in place of a LIST that is served. All others stay as they are: LIST is no method elsewhere, and has no body. */
export function asGet<Asked extends Pick<Head, 'method' | 'url' | 'contentLength' | 'transferEncoding'>>(
  head: Asked,
): Asked {
  if (head.method !== listMethod || !isOfVaultApi.test(head.url) || hasBody(head)) return head;
  const [path = '', ...queries] = head.url.split('?');
  const others = queries
    .join('?')
    .split('&')
    .filter((part) => part !== '' && !/^list(?:=|$)/.test(part));
  // First, so that no other spelling of `list` comes before it.
  return { ...head, method: 'GET', url: `${path}?${['list=true', ...others].join('&')}` };
}
