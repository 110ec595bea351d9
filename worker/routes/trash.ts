/** Deleted keys, which can be taken out again for a time. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { restoreSecret } from '../operations/restore-secret.ts';
import { destroySecret, listTrash } from '../operations/trash.ts';
import { keyRestored, trashList } from '../wire/key-json.ts';
import { trashPath, trashQuery, trashRestore } from '../wire/key-requests.ts';
import { done, list } from '../wire/reply.ts';

const restoring = { path: trashPath, body: trashRestore, isBodyOptional: true } as const;

export const trash = router()
  .get('/trash', answer(listTrash, { query: trashQuery }, list(trashList)))
  .post('/trash/:id/restore', answer(restoreSecret, restoring, keyRestored))
  .delete('/trash/:id', answer(destroySecret, { path: trashPath }, done('API key destroyed successfully')));
