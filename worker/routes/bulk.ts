/** Many keys at once. Keys of these names are reached as all others are: `GET /keys/values`. */
import { maxImportBytes } from '../../core/limits.ts';
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { importSecrets } from '../operations/import-secrets.ts';
import { readValues } from '../operations/read-values.ts';
import * as json from '../wire/bulk-json.ts';
import { keyImport, valuesQuery } from '../wire/bulk-requests.ts';
import { list } from '../wire/reply.ts';

export const bulk = router()
  .post('/keys/values', answer(readValues, { body: valuesQuery }, list(json.values)))
  .post('/keys/import', answer(importSecrets, { body: keyImport, maxBodyBytes: maxImportBytes }, json.imported));
