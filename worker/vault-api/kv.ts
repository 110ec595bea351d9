/** The secrets engine KV version 2, mounted at `secret/`. */
import { router } from '../http/context.ts';
import { readKeptVersions } from '../operations/kv-settings.ts';
import { answer } from './answer.ts';
import { enveloped } from './envelope.ts';

const kvData = (data: object) => enveloped(data, { mountType: 'kv' });

export const kv = router().get(
  '/v1/secret/config',
  answer(
    readKeptVersions,
    () => ({ input: {} }),
    (kept) => kvData({ max_versions: kept, cas_required: false, delete_version_after: '0s' }),
  ),
);
