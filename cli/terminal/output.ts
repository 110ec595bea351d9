/** What a person sees: text without control characters, columns, and colours where there is a terminal. */

import type { WriteStream } from 'node:tty';
import { inspect } from 'node:util';
import { codeOf } from './failure.ts';

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

let out: WriteStream | undefined;

/** Standard output. It is opened when it is needed: `keystore run` leaves it to its command. */
export function standardOutput(): WriteStream {
  out ??= process.stdout.on('error', (error) => {
    // A reader that went away, as `head` does, is no error.
    if (codeOf(error) === 'EPIPE') process.exit(0);
    throw error;
  });
  return out;
}

/** Writes one line to standard output. */
export function say(line: string): void {
  standardOutput().write(`${line}\n`);
}

/** Writes a remark to standard error, where it does not get into what a program reads. */
export function note(line: string): void {
  process.stderr.write(`keystore: ${line}\n`);
}

/** Writes JSON, indented, as the last thing that a command says. */
export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** Whether a stream takes colours: a terminal, unless NO_COLOR (https://no-color.org) or TERM says otherwise. */
function hasColours(stream: { isTTY?: boolean }): boolean {
  const { NO_COLOR: noColour = '', TERM: terminal } = process.env;
  return stream.isTTY === true && noColour === '' && terminal !== 'dumb';
}

/** A text in a colour, for standard output or for `stream`. */
export function coloured(colour: Colour, text: string, stream: { isTTY?: boolean } = standardOutput()): string {
  if (!hasColours(stream)) return text;
  const [on, off] = inspect.colors[colour] ?? [0, 0];
  return `\u001B[${on}m${text}\u001B[${off}m`;
}

/** A text of somebody else's as one line that does nothing to a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** Prints rows as columns, with a header on a terminal only, so that programs can read the lines. */
export function sayTable(header: readonly string[], rows: readonly (readonly (string | null | undefined)[])[]): void {
  const cells = rows.map((row) => row.map((cell) => printable(cell ?? '')));
  const shown = isTerminal() ? [[...header], ...cells] : cells;
  const widths = header.map((_, column) => Math.max(0, ...shown.map((row) => (row[column] ?? '').length)));
  for (const [index, row] of shown.entries()) {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    say(isTerminal() && index === 0 ? coloured('bold', line) : line);
  }
}

function isTerminal(): boolean {
  return standardOutput().isTTY === true;
}

/** A time of the API as a person in this time zone reads it. */
export function shownTime(iso: string | null | undefined): string {
  if (iso === null || iso === undefined || !isTerminal()) return iso ?? '';
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
