/** Seals what is imported, and divides it into texts that a statement can take. */
import { type Keyring, sealValue } from '../../core/crypto/keyring.ts';
import { maxSealedAtOnceBytes, maxStatementBytes } from '../../core/limits.ts';
import type { Value } from '../store/statement.ts';

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
}

/** Seals values, and lets other requests have their turn in between: sealing takes the time of the isolate. */
export const sealInTurns = async (keyring: Keyring, entries: readonly Unsealed[]): Promise<SealedEntry[]> => {
  const sealed: SealedEntry[] = [];
  let characters = 0;
  for (const { name, value, description } of entries) {
    const { token, binding } = sealValue(keyring, name, value);
    sealed.push({ name, description, token, binding });
    characters += value.length;
    if (characters < maxSealedAtOnceBytes) continue;
    characters = 0;
    // A microtask would let nobody else run.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return sealed;
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
