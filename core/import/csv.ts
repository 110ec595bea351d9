/// <reference path="./papaparse.d.ts" />
/**
 * Reads CSV exports of other products as entries of an import. This module brings the CSV parser along: `readImport` loads it
 * when it is needed.
 */

import papa from 'papaparse';
import { OperatorError } from '../operator-error.ts';
import { csvFormatOf, delimiterOf, readers } from './csv-formats.ts';
import { collect, type ImportFile } from './entries.ts';

/**
 * Reads RFC 4180 CSV with a header of one of the known formats; commas, or semicolons or tabs where the header has those, as
 * spreadsheets write them.
 *
 * @throws OperatorError if the header is not known, or a quote is not closed. It quotes no value.
 */
export function readCsvEntries(text: string): ImportFile {
  const { data, errors } = papa.parse<string[]>(text, { delimiter: delimiterOf(text), skipEmptyLines: true });
  const broken = errors.find(({ type }) => type === 'Quotes');
  if (broken) {
    throw new OperatorError(
      `In record ${broken.row ?? 0} a quote is not closed, or text follows it. Export the file again; a spreadsheet may have changed it.`,
    );
  }
  const [header = [], ...rows] = data;
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
