/** A list whose rows the database has written as JSON. It never becomes objects. */
export interface ListText {
  /** Of the field that holds the rows. */
  name: string;
  /** Each is the JSON of some rows, with commas between them, or empty. */
  parts: readonly string[];
  /** Where the next list begins, if this one does not hold everything. */
  next?: string | number;
}

/** The answer as one text: what `JSON.stringify` would write. */
export const textOf = ({ name, parts, next }: ListText): string => {
  const rows = parts.filter((part) => part !== '').join(',');
  return `{"${name}":[${rows}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
};
