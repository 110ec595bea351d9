/**
 * Splits CSV into records (RFC 4180). What other small parsers let pass is refused here: of a file with a quote that is not closed, or
 * with text after a closing one, they would drop or shift text, which may be a part of a value. `csv-records.test.ts` compares it with
 * PapaParse.
 */
import { OperatorError } from '../operator-error.ts';

/**
 * The fields of each record, without a byte order mark and without empty lines. Blanks belong to a field, but not those after a closing quote.
 *
 * @param delimiter one character: a comma, a semicolon or a tab.
 * @throws OperatorError if a quote is not closed, or text follows it. It says in which record, and quotes no value.
 */
export function recordsIn(text: string, delimiter: string): string[][] {
  const plain = new RegExp(`[^${delimiter}\r\n]*`, 'y');
  const ending = new RegExp(` *(${delimiter}|\r\n|[\r\n])|$`, 'y');
  const records: string[][] = [];
  let record: string[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  /** What matches here; the next one begins behind it. */
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) throw new OperatorError(brokenQuote(records.length));
    at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at);
      if (close < 0) throw new OperatorError(brokenQuote(records.length));
      record.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
    } else {
      record.push(take(plain)[0]);
    }
    const end = take(ending)[1];
    if (end === delimiter) continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    if (end === undefined) return records;
    record = [];
  }
}

/** Where the quote that opens at `open` closes; -1 if it does not. Two quotes stand for one. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function brokenQuote(record: number): string {
  return `In record ${record} a quote is not closed, or text follows it. Export the file again; a spreadsheet may have changed it.`;
}
