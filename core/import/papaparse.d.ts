/** The part of papaparse that is used. Its published types bring those of Node.js into the worker. */
declare module 'papaparse' {
  export interface ParseError {
    type: 'Quotes' | 'Delimiter' | 'FieldMismatch';
    /** Counted from 0; the header counts. */
    row?: number;
  }
  const papa: {
    parse<Row>(
      text: string,
      options: { delimiter: string; skipEmptyLines: boolean },
    ): { data: Row[]; errors: ParseError[] };
  };
  export default papa;
}
