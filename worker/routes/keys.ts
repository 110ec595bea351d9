/** API keys: the managed items, which the code calls secrets. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { deleteSecret, updateSecret } from '../operations/change-secret.ts';
import { createSecret } from '../operations/new-secret.ts';
import { listSecrets } from '../operations/secret-list.ts';
import { readSecret } from '../operations/secrets.ts';
import * as json from '../wire/json.ts';
import { done, listText, ok } from '../wire/reply.ts';
import { keyChange, keyListQuery, keyPath, keyQuery, newKey } from '../wire/requests.ts';

export const keys = router()
  .get('/keys', answer(listSecrets, { query: keyListQuery }, listText(json.keyList)))
  .post('/keys', answer(createSecret, { body: newKey }, done('API key added successfully', 201)))
  .get('/keys/:name', answer(readSecret, { path: keyPath }, ok(json.key)))
  .put('/keys/:name', answer(updateSecret, { path: keyPath, body: keyChange }, done('API key updated successfully')))
  .delete('/keys/:name', answer(deleteSecret, { path: keyPath }, done('API key deleted successfully')))
  // The same, for names that a proxy or a client does not pass on in a path.
  .get('/key', answer(readSecret, { query: keyQuery }, ok(json.key)))
  .put('/key', answer(updateSecret, { query: keyQuery, body: keyChange }, done('API key updated successfully')))
  .delete('/key', answer(deleteSecret, { query: keyQuery }, done('API key deleted successfully')));
