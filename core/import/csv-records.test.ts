/// <reference path="./papaparse.d.ts" />
import fc from 'fast-check';
import papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { recordsIn } from './csv-records.ts';

/** The records, or that the text is refused. */
function ours(text: string, delimiter: string) {
  try {
    return recordsIn(text, delimiter);
  } catch {
    return 'refused';
  }
}

function theirs(text: string, delimiter: string, newline: string) {
  const { data, errors } = papa.parse<string[]>(text, { delimiter, newline, skipEmptyLines: true });
  return errors.some(({ type }) => type === 'Quotes') ? 'refused' : data;
}

describe('CSV is read as PapaParse reads it', () => {
  test.each([',', ';', '\t'])('whatever is written, divided by %j', (delimiter) => {
    for (const newline of ['\n', '\r\n', '\r']) {
      const piece = fc.constantFrom('a', '"', '""', ' ', newline, delimiter, 'é');
      const text = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
      const isSame = (given: string) => {
        expect(ours(given, delimiter)).toEqual(theirs(given, delimiter, newline));
      };
      fc.assert(fc.property(text, isSame), { numRuns: 1_000 });
    }
  });

  test('and every table comes back from its CSV', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' '), maxLength: 6 });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    const csvOf = (rows: string[][]) =>
      rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\r\n');
    const comesBack = (rows: string[][]) => {
      expect(recordsIn(csvOf(rows), ',')).toEqual(rows);
    };
    fc.assert(fc.property(table, comesBack));
  });
});

test.each<[string, string, number]>([
  ['a quote that is not closed', 'k,v\nA,1\nB,"secret\nC,2\n', 2],
  ['text after a closing quote', 'k,v\n"A"secret,1', 1],
  ['a quote in the header', '"k,v\nA,secret', 0],
])('%s is refused with its record, without quoting it', (_, text, record) => {
  expect(() => recordsIn(text, ',')).toThrow(`In record ${record} a quote is not closed`);
  expect(() => recordsIn(text, ',')).not.toThrow('secret');
});

test('a byte order mark, lines that end with a carriage return, and a value of a megabyte', () => {
  const long = 'x""\n'.repeat(262_144);
  expect(recordsIn(`\uFEFFk,v\rA,"${long}"\r\r`, ',')).toEqual([
    ['k', 'v'],
    ['A', long.replaceAll('""', '"')],
  ]);
});
