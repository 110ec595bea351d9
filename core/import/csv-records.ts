/** Divides the text of a CSV file into records and fields, after RFC 4180. */

/** The quotes of a record are wrong: one is not closed, or other text follows the closing one. */
export class BadRecord extends Error {
  /** Counted from 0. The first record is the header. */
  readonly record: number;
  constructor(record: number) {
    super('The quotes of a record are wrong.');
    this.record = record;
  }
}

/**
 * The fields of each record. A line ends with CRLF, LF or CR; an empty line is no record. A field that begins with a quote ends with
 * one and holds everything between: delimiters, line ends, and quotes that are doubled. In other fields a quote is like any other
 * character. Blanks belong to the field, except after a closing quote.
 *
 * @param delimiter a single character.
 * @throws BadRecord
 */
export function recordsOf(text: string, delimiter: string): string[][] {
  const unquoted = new RegExp(`[^${delimiter}\r\n]*`, 'y');
  const blanks = delimiter === '\t' ? / */y : /[ \t]*/y;
  const records: string[][] = [];
  let fields: string[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    fields.push(text[at] === '"' ? quoted() : take(unquoted));
    if (text[at] === delimiter) {
      at += 1;
      if (at < text.length) continue;
      fields.push('');
    } else if (take(/\r\n?|\n/y) === '' && at < text.length) {
      throw new BadRecord(records.length);
    }
    if (fields.length > 1 || fields[0] !== '') records.push(fields);
    fields = [];
  }
  return records;

  /** What the text has here of this form. */
  function take(form: RegExp): string {
    form.lastIndex = at;
    const [found = ''] = form.exec(text) ?? [];
    at += found.length;
    return found;
  }

  function quoted(): string {
    const begin = at + 1;
    let end = text.indexOf('"', begin);
    while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
    if (end < 0) throw new BadRecord(records.length);
    at = end + 1;
    take(blanks);
    return text.slice(begin, end).replaceAll('""', '"');
  }
}
