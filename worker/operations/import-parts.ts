/** Seals what is imported, and divides it into texts that a statement can take. */
import { imprintsOf, type Keyring, sealValue } from '../../core/crypto/keyring.ts';
import { maxStatementBytes } from '../../core/limits.ts';
import type { Value } from '../store/statement.ts';
import { createPause } from './pauses.ts';

interface Unsealed {
  name: string;
  value: string;
  description: string | null;
}

/** An entry with its value sealed. */
interface SealedEntry {
  name: string;
  description: string | null;
  token: string;
  binding: string;
  imprint: string;
}

/** Seals values, with pauses for other requests. */
export const sealInTurns = async (keyring: Keyring, entries: readonly Unsealed[]): Promise<SealedEntry[]> => {
  const sealed: SealedEntry[] = [];
  const pause = createPause();
  for (const { name, value, description } of entries) {
    const { token, binding } = sealValue(keyring, name, value);
    sealed.push({ name, description, token, binding, imprint: keyring.primary.imprint(value) });
    await pause(value.length);
  }
  return sealed;
};

/** The names of entries, each with the imprints that an equal value may have, with pauses for other requests. */
export const imprintsInTurns = async (
  keyring: Keyring,
  entries: readonly Pick<Unsealed, 'name' | 'value'>[],
): Promise<[name: string, imprints: string[]][]> => {
  const made: [string, string[]][] = [];
  const pause = createPause();
  for (const { name, value } of entries) {
    made.push([name, imprintsOf(keyring, value)]);
    await pause(value.length);
  }
  return made;
};

/** JSON lists of the rows, each as long as a text may be for the database. */
export const partsOf = (rows: readonly Value[][]): string[] => {
  const parts: string[][] = [];
  let room = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    const bytes = new TextEncoder().encode(text).length + 1;
    if (bytes > room) {
      parts.push([]);
      room = maxStatementBytes;
    }
    parts.at(-1)?.push(text);
    room -= bytes;
  }
  return parts.map((part) => `[${part.join()}]`);
};
