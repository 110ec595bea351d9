/** API keys: the managed items, which the code calls secrets. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { listCare } from '../operations/care.ts';
import { changeSecret } from '../operations/change-secret.ts';
import { listReaders } from '../operations/key-readers.ts';
import { createSecret } from '../operations/new-secret.ts';
import { listSecrets } from '../operations/secret-list.ts';
import { deleteSecret } from '../operations/trash.ts';
import { destroyVersion, listVersions, readAnyVersion, restoreVersion } from '../operations/versions.ts';
import { keyReaders } from '../wire/exposure-json.ts';
import * as json from '../wire/json.ts';
import {
  careList,
  keyAdded,
  keyChanged,
  keyDeleted,
  keyRead,
  versionDestroyed,
  versionList,
  versionRestored,
} from '../wire/key-json.ts';
import * as asked from '../wire/key-requests.ts';
import { list, listText } from '../wire/reply.ts';
import { keyListQuery, keyPath, keyQuery } from '../wire/requests.ts';

const { ifMatch: headers, keyChange, versionRestore } = asked;

export const keys = router()
  // Not below /keys, where it would be the name of a key.
  .get('/care', answer(listCare, {}, list(careList)))
  .get('/keys', answer(listSecrets, { query: keyListQuery }, listText(json.keyList)))
  .post('/keys', answer(createSecret, { body: asked.newKey }, keyAdded))
  .get('/keys/:name', answer(readAnyVersion, { path: keyPath, query: asked.readQuery }, keyRead))
  .put('/keys/:name', answer(changeSecret, { path: keyPath, headers, body: keyChange }, keyChanged))
  .delete('/keys/:name', answer(deleteSecret, { path: keyPath, headers }, keyDeleted))
  .get('/keys/:name/versions', answer(listVersions, { path: keyPath, query: asked.versionsQuery }, list(versionList)))
  .get('/keys/:name/access', answer(listReaders, { path: keyPath }, list(keyReaders)))
  .delete(
    '/keys/:name/versions/:version',
    answer(destroyVersion, { path: asked.keyVersionPath, headers }, versionDestroyed),
  )
  .post(
    '/keys/:name/restore',
    answer(restoreVersion, { path: keyPath, headers, body: versionRestore }, versionRestored),
  )
  // The same, for names that a proxy or a client does not pass on in a path.
  .get('/key', answer(readAnyVersion, { query: asked.keyReadQuery }, keyRead))
  .put('/key', answer(changeSecret, { query: keyQuery, headers, body: keyChange }, keyChanged))
  .delete('/key', answer(deleteSecret, { query: keyQuery, headers }, keyDeleted))
  .get('/key/versions', answer(listVersions, { query: asked.keyVersionsQuery }, list(versionList)))
  .get('/key/access', answer(listReaders, { query: keyQuery }, list(keyReaders)))
  .delete(
    '/key/versions/:version',
    answer(destroyVersion, { path: asked.versionPath, query: keyQuery, headers }, versionDestroyed),
  )
  .post('/key/restore', answer(restoreVersion, { query: keyQuery, headers, body: versionRestore }, versionRestored));
