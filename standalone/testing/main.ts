/** The objects of the standalone runtime, for the tests of the worker: `test-database.ts` asks them. */
export { VaultDatabase } from '../database/object.ts';
export { FolderLock } from '../lock.ts';

export default { fetch: () => new Response(null, { status: 404 }) };
