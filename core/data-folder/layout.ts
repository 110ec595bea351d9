/** Where things are in a vault's data folder. */

import { objectId } from '../crypto/object-id.ts';

/** The file of a named Durable Object in a data folder. `namespace` is its unique key. */
export function objectFile(folder: string, namespace: string, name: string): string {
  return `${folder}/v3/d1/${namespace}/${objectId(namespace, name)}.sqlite`;
}
