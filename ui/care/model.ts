/** The keys that need care: fetched after the list of keys, for the count in the sidebar, and again when their page opens. */
import { api } from '../api/client.ts';
import { type Loaded, loaded } from '../api/loaded.ts';
import type { CareList } from '../api/wire.ts';

export interface CareModel {
  list: Loaded<CareList>;
}

export const careModel = (): CareModel => ({ list: loaded(api.care) });
