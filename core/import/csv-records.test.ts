/** What a CSV file's text is as records and fields. */
import fc from 'fast-check';
// @ts-expect-error its published types bring those of Node.js along
import papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { BadRecord, recordsOf } from './csv-records.ts';

describe('records', () => {
  test.each<[string, string, string[][]]>([
    ['nothing', '', []],
    ['only a byte order mark', '\uFEFF', []],
    [
      'every kind of line end',
      'a,b\r\nc,d\ne,f\rg,h',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
        ['g', 'h'],
      ],
    ],
    ['empty lines', '\n\na\r\n\r\n\rb\n', [['a'], ['b']]],
    [
      'empty fields',
      ',\n,a,\n"",',
      [
        ['', ''],
        ['', 'a', ''],
        ['', ''],
      ],
    ],
    [
      'a delimiter at the end of the text',
      'a,b\nc,',
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['quotes that are doubled', '"""","a""b","""a"""', [['"', 'a"b', '"a"']]],
    ['delimiters and line ends within quotes', '"a,b","c\r\nd\n\re"', [['a,b', 'c\r\nd\n\re']]],
    ['quotes in a field that has none around it', 'a"b"",c', [['a"b""', 'c']]],
    ['blanks: after a quote they are no part of the field', ' a ,"b"  , "c"', [[' a ', 'b', ' "c"']]],
  ])('%s', (_, text, records) => {
    expect(recordsOf(text, ',')).toEqual(records);
  });

  test.each([
    ['a quote that is not closed', 'a\nb\n"c', 2],
    ['one that is closed by a doubled quote only', '"a""', 0],
    ['text after the closing quote', 'a\n"b"c,d', 1],
  ])('%s is refused with the number of its record', (_, text, record) => {
    expect(() => recordsOf(text, ',')).toThrow(BadRecord);
    expect(() => recordsOf(text, ',')).toThrow(expect.objectContaining({ record }));
  });

  test('a field of a megabyte is read, with quotes in it or without', () => {
    const long = 'a"\n'.repeat(350_000);
    expect(recordsOf(`"${long.replaceAll('"', '""')}",b`, ',')).toEqual([[long, 'b']]);
    expect(recordsOf(`${'a'.repeat(1_000_000)},b`, ',')[0]?.[0]).toHaveLength(1_000_000);
  });
});

describe('the same as PapaParse reads', () => {
  const pieces = fc.constantFrom('"', '""', ',', ';', '\t', '\n', ' ', 'a', 'b ', '"a"', ',"', '",', '"\n"');
  const texts = fc.array(pieces, { maxLength: 24 }).map((parts) => parts.join(''));

  /** Null where it reports wrong quotes. */
  const byPapa = (text: string, delimiter: string): string[][] | null => {
    const { data, errors } = papa.parse(text, { delimiter, newline: '\n', skipEmptyLines: true });
    return errors.some(({ type }: { type: string }) => type === 'Quotes') ? null : data;
  };
  const byUs = (text: string, delimiter: string): string[][] | null => {
    try {
      return recordsOf(text, delimiter);
    } catch {
      return null;
    }
  };

  test.each([',', ';', '\t'])('any text, with the delimiter %j', (delimiter) => {
    fc.assert(
      fc.property(texts, (text) => {
        const expected = byPapa(text, delimiter);
        // It does not take blanks between the last quote and the end of the text.
        if (expected !== null || !/"[ \t]+$/.test(text)) expect(byUs(text, delimiter)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test('what PapaParse writes, whatever is in the fields', () => {
    const field = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'x', 'é', '😀') });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (records) => {
        expect(recordsOf(papa.unparse(records), ',')).toEqual(records);
      }),
      { numRuns: 500 },
    );
  });
});
