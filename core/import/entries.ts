/** What is read from an import file: entries, and records that were skipped. */

/** The formats that are read. */
export type ImportFormat = 'env' | 'json' | '1password' | 'bitwarden' | 'key-value';

/** A value under the name that its key will have, both as the file has them: the vault checks them. */
export interface ImportEntry {
  /** Folders are divided by `/`. */
  name: string;
  /** Never empty. */
  value: string;
  /** What may be read by everybody who may list the key; empty for nothing. Never a secret. */
  description: string;
  /** Where it stands in the file, such as `line 3`, `record 2` or `item 2`; in nested JSON the name says it. */
  where: string;
}

/** Something in a file that makes no key. */
interface SkippedEntry {
  where: string;
  /** As far as it has one; else empty. */
  name: string;
  /** A sentence. It quotes no value. */
  reason: string;
}

/** Nothing that a file holds is left out of both lists, except comments, and columns that no vault needs. */
export interface ImportFile {
  format: ImportFormat;
  /** In their order. Two may have the same name. */
  entries: ImportEntry[];
  skipped: SkippedEntry[];
}

/** Collects what a reader finds, and sorts out what can be no key. */
export function collect(format: ImportFormat) {
  const file: ImportFile = { format, entries: [], skipped: [] };
  function skip(where: string, name: string, reason: string): void {
    file.skipped.push({ where, name, reason });
  }
  return {
    file,
    skip,
    add(entry: ImportEntry): void {
      const { where, name, value } = entry;
      if (name === '' || name.endsWith('/')) skip(where, name, 'It has no name.');
      else if (value === '') skip(where, name, 'Its value is empty.');
      else file.entries.push(entry);
    },
  };
}
