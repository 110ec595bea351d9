/**
 * The leaf of an event: one flat JSON object in the canonical form of RFC 8785 (JCS), in UTF-8. It has every column of the event
 * under its own name, and none that is null, so a column that is added later changes no leaf of before.
 */
/** C2SP tlog-tiles writes the length of an entry in two bytes. */
export const maxLeafBytes = 65_535;

const encoder = new TextEncoder();

/**
 * The bytes of a leaf. Names of columns are ASCII, and numbers are integers, for which ECMAScript's own forms are the canonical ones
 * (RFC 8785, sections 3.2.2 and 3.2.3).
 *
 * @throws TypeError if a value is not text, a safe integer or null, or if a text has a lone surrogate.
 */
export function leafOf(event: Readonly<Record<string, unknown>>): Uint8Array {
  const members: string[] = [];
  for (const column of Object.keys(event).sort()) {
    const value = event[column];
    if (value === null || value === undefined) continue;
    if (typeof value !== 'string' && !Number.isSafeInteger(value))
      throw new TypeError(`${column} has no canonical form`);
    if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError(`${column} has a lone surrogate`);
    members.push(`${JSON.stringify(column)}:${JSON.stringify(value)}`);
  }
  return encoder.encode(`{${members.join(',')}}`);
}
