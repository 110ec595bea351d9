/** Opens every value of a vault, and tells what does not open and which keys are missing. */
import type { DatabaseSync } from 'node:sqlite';
import { type Keyring, openValue, SealedValueError } from '../../core/crypto/keyring.ts';
import type { MissingKey } from '../../core/settings/messages.ts';
import { quoted } from '../quoted.ts';

/** How many values are opened between two progress messages. */
const progressStep = 1_000;

/** A version as it is stored, with the name and the current version of its secret. */
export interface StoredVersion {
  name: string;
  number: number;
  token: string;
  binding: string;
  key_id: string;
  current_version: number;
}

/** The values that do not open, each with the reason; the keys that are missing for them; and the retired keys that none needs. */
interface Opened {
  damaged: string[];
  missingKeys: MissingKey[];
  unneededKeys: string[];
}

/** Opens all versions, the current ones and the older ones, also those of keys in the trash. Erased ones have no value. */
export function openEveryValue(
  database: DatabaseSync,
  keyring: Keyring,
  total: number,
  progress: (line: string) => void,
): Opened {
  const damaged: string[] = [];
  const missing = new Map<string | null, MissingKey>();
  const unneeded = new Set(keyring.byId.keys());
  unneeded.delete(keyring.primary.id);
  const headless = database.prepare(
    `SELECT name FROM secrets WHERE NOT EXISTS (
       SELECT 1 FROM secret_versions WHERE secret_id = secrets.id AND number = secrets.current_version AND token IS NOT NULL)`,
  );
  for (const { name } of headless.all()) damaged.push(`${quoted(String(name))}: its current version is missing`);
  const versions = database.prepare(
    `SELECT name, number, token, binding, key_id, current_version FROM secret_versions JOIN secrets ON secrets.id = secret_id
     WHERE token IS NOT NULL ORDER BY secret_id, number`,
  );
  let opened = 0;
  for (const row of versions.iterate()) {
    const { name, number, token, binding, key_id: keyId, current_version } = row as unknown as StoredVersion;
    unneeded.delete(keyId);
    try {
      openValue(keyring, name, { token, binding, keyId });
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      damaged.push(`${quoted(name)}, version ${number}: ${error.message}`);
      if (error.reason === 'unknown_key') countMissing(missing, error.keyId, number === current_version);
    }
    opened++;
    if (opened % progressStep === 0 && opened < total) progress(`Opened ${opened} of ${total} values.`);
  }
  return { damaged, missingKeys: [...missing.values()], unneededKeys: [...unneeded] };
}

function countMissing(missing: Map<string | null, MissingKey>, keyId: string | null, isCurrent: boolean): void {
  const counted = missing.get(keyId) ?? { keyId, values: 0, versions: 0 };
  counted[isCurrent ? 'values' : 'versions']++;
  missing.set(keyId, counted);
}
