/** Reads CSV exports of other products as entries of an import. */
import { OperatorError } from '../operator-error.ts';
import { csvFormatOf, delimiterOf, readers } from './csv-formats.ts';
import { recordsIn } from './csv-records.ts';
import { collect, type ImportFile } from './entries.ts';

/**
 * Reads RFC 4180 CSV with a header of one of the known formats; commas, or semicolons or tabs where the header has those, as
 * spreadsheets write them.
 *
 * @throws OperatorError if the header is not known, or a quote is not closed. It quotes no value.
 */
export function readCsvEntries(text: string): ImportFile {
  const [header = [], ...rows] = recordsIn(text, delimiterOf(text));
  const columns = header.map((name) => name.trim().toLowerCase());
  const format = csvFormatOf(columns);
  if (!format) throw new OperatorError(unknownHeader);
  const collected = collect(format);
  for (const [index, row] of rows.entries()) {
    const where = `record ${index + 1}`;
    if (row.length !== columns.length) {
      collected.skip(where, '', `This record has ${row.length} fields, but the header has ${columns.length}.`);
      continue;
    }
    readers[format](collected, (name) => row[columns.indexOf(name)] ?? '', where);
  }
  return collected.file;
}

const unknownHeader =
  'The header of this CSV is not known. Exports of 1Password, Bitwarden and Infisical are read, and tables with the columns key and value.';
