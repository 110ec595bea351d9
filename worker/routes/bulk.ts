/** Many keys at once. Keys of these names are reached as all others are: `GET /keys/values`. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { readValues } from '../operations/read-values.ts';
import * as json from '../wire/bulk-json.ts';
import { valuesQuery } from '../wire/bulk-requests.ts';
import { list } from '../wire/reply.ts';

export const bulk = router().post('/keys/values', answer(readValues, { body: valuesQuery }, list(json.values)));
