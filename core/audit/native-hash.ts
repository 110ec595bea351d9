/** Has the tree hashed by the runtime: workerd and Node.js. Browsers do without this file. */
import type { createHash } from 'node:crypto';
import { hashBy } from './tree.ts';

interface Runtime {
  process: { getBuiltinModule: (name: 'node:crypto') => { createHash: typeof createHash } };
}

/** Loaded at the first hash and not at the start: it takes some megabytes. */
let native: typeof createHash | undefined;

hashBy((bytes) => {
  native ??= (globalThis as unknown as Runtime).process.getBuiltinModule('node:crypto').createHash;
  const { buffer, byteOffset, length } = native('sha256').update(bytes).digest();
  return new Uint8Array(buffer, byteOffset, length);
});
