/**
 * The one reader of .env files, for Node.js, workerd and browsers. It is a function of the text alone.
 *
 * It gives every line the meaning that `parseEnv` of node:util (24.21) gives it, because 1.0.0 read .env files with that. Lines
 * that `parseEnv` skips without a word, or joins with the next line by mistake, are refused by their number.
 */

import { OperatorError } from '../operator-error.ts';

/** The part of a line before its value: `export NAME =`, with blanks around each of it. Captures the name. */
const assignment = /[ \t]*(?:export [ \t]*)?([^=\n]*?)[ \t]*=/y;
const blanks = /[ \t]*/y;
const commentOrEmpty = /[ \t]*(?:#[^\n]*)?(?![^\n])/y;
/**
 * A line that sets nothing: a name without `=` passes a variable of the environment on, in shells and in Docker, and the
 * environment goes first anyway. `export NAME=` without a value sets nothing either, as in `parseEnv`.
 */
const noValue = /[ \t]*(?:export [ \t]*[^\s=][^\n=]*=|(?:export [ \t]*)?\w+[ \t]*)(?![^\n])/y;
const goodName = /^[^\s"'`#]+$/;

/**
 * Parses the text of an env file. The format, by line:
 *
 * - `NAME=value`, with or without `export` before it. Of two lines with the same name the last one counts.
 * - A value in `"`, `'` or a backquote ends at the next such quote, on whichever line that is; the rest of that line is ignored.
 *   There are no escapes, except that `\n` between double quotes is a line break.
 * - A value without quotes ends at `#` or at the end of the line, without blanks around it. A quote that is never closed is
 *   part of the value, and so is a `#` after it.
 * - Empty lines and lines that begin with `#` are ignored, as are carriage returns and a byte order mark.
 *
 * @param source how to call the text in an error, for example its path.
 * @throws OperatorError naming the first line that cannot be read. It does not quote the line.
 */
export function parseEnvFile(text: string, source: string): Record<string, string> {
  const input = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r', '')
    .replace(/[ \t\n]+$/, '');
  const variables = new Map<string, string>();
  let at = 0;

  /** Moves past a match of a sticky pattern. */
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(input);
    if (match) at = pattern.lastIndex;
    return match;
  }

  function endOfLine(from: number): number {
    const end = input.indexOf('\n', from);
    return end === -1 ? input.length : end;
  }

  function refuse(problem: string): never {
    const line = input.slice(0, at).split('\n').length;
    throw new OperatorError(`${source}, line ${line}: ${problem}`);
  }

  /** Reads the value that begins here, and moves to the end of its last line. */
  function takeValue(name: string): string {
    const hasBlanks = take(blanks)?.[0] !== '';
    if (hasBlanks && input[at] === '\n' && /^[ \t\n]*[^ \t\n#]/.test(input.slice(at))) {
      refuse(`only blanks stand after ${name}=. Remove them if the value is empty, or put them in quotes.`);
    }
    const quote = /["'`]/.test(input[at] ?? '') ? input[at] : undefined;
    const closing = quote === undefined ? -1 : input.indexOf(quote, at + 1);
    const end = endOfLine(Math.max(at, closing));
    const value = closing === -1 ? input.slice(at, end) : input.slice(at + 1, closing);
    at = end;
    if (quote === undefined) return value.replace(/#.*/s, '').replace(/[ \t]+$/, '');
    return quote === '"' && closing !== -1 ? value.replaceAll('\\n', '\n') : value;
  }

  for (; at < input.length; at++) {
    if (take(commentOrEmpty) || take(noValue)) continue;
    const name = take(assignment)?.[1];
    if (name === undefined) return refuse('there is no "=" in it. Write NAME=value, or begin a comment with "#".');
    if (!goodName.test(name)) refuse('what stands before "=" is not a name. Write NAME=value.');
    variables.set(name, takeValue(name));
  }
  return Object.fromEntries(variables);
}
