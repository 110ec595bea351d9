/** Has the tree hashed by the runtime: workerd and Node.js. Browsers do without this file. */
import { createHash } from 'node:crypto';
import { hashBy } from './tree.ts';

hashBy((bytes) => {
  const { buffer, byteOffset, length } = createHash('sha256').update(bytes).digest();
  return new Uint8Array(buffer, byteOffset, length);
});
