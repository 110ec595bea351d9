/** What holds for all keys alike, as the settings of the vault have it. */
import { operation } from './operation.ts';

/** The result is how many values are kept of a key. */
export const readKeptVersions = operation({
  action: 'secret.list',
  sql: () => ({}),
  result: (_, __, { vault }) => vault.limits.keptVersions,
});
