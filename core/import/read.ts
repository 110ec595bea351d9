/**
 * Reads an import file in any of the formats: .env, JSON, or the CSV export of another product. Pure functions of
 * the text, for browsers, workers and Node.js alike. The vault takes the entries: `POST /keys/import`.
 */

import { isCsv } from './csv-formats.ts';
import type { ImportFile } from './entries.ts';
import { readEnvEntries } from './env.ts';
import { readJsonEntries } from './json.ts';

export type { ImportFile } from './entries.ts';

/**
 * The entries in a text. What begins with `{` or `[` is JSON, what begins with a known header is CSV, and everything else is .env.
 *
 * @throws OperatorError if the text as a whole cannot be read; its message says where, and quotes no value.
 */
export async function readImport(text: string): Promise<ImportFile> {
  if (/^\uFEFF?\s*[{[]/.test(text)) return readJsonEntries(text);
  if (!isCsv(text)) return readEnvEntries(text);
  // On demand: few people import, and the parser is larger than all the readers here.
  const { readCsvEntries } = await import('./csv.ts');
  return readCsvEntries(text);
}
