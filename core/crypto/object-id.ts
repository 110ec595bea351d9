/** The ids of named Durable Objects, by which miniflare and workerd name the files of their databases. */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { utf8 } from './encoding.ts';

/**
 * The id of a named Durable Object as miniflare derives it (`durableObjectNamespaceIdFromName`): 16 bytes of the name's
 * HMAC under the hashed namespace key, then 16 bytes of the HMAC of those.
 */
export function objectId(uniqueKey: string, name: string): string {
  const key = sha256(utf8(uniqueKey));
  const nameHmac = hmac(sha256, key, utf8(name)).subarray(0, 16);
  const check = hmac(sha256, key, nameHmac).subarray(0, 16);
  return bytesToHex(concatBytes(nameHmac, check));
}
