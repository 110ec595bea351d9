/** Writes settings as lines of an env file, which `readEnvFile` reads back. Other programs that read such files agree. */

import { OperatorError } from '../operator-error.ts';
import type { EnvFile } from './env-file.ts';

/** These mean themselves in every program. */
const plain = /^[\w+/=.,:@%-]*$/;
/** Between single quotes everything means itself, but for line ends and what no env file may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is excluded.
const singleLine = /^[^'\u0000-\u001F\u007F]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const unwritable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFD]/u;
const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * One setting as one line, without a line end. The value is in quotes where it needs them.
 *
 * @throws OperatorError if the value holds a control character, which no env file may.
 */
export function formatSetting(name: string, value: string): string {
  if (unwritable.test(value)) {
    throw new OperatorError(`${name} holds a control character, which an env file cannot hold. Choose another value.`);
  }
  if (plain.test(value)) return `${name}=${value}`;
  if (singleLine.test(value)) return `${name}='${value}'`;
  return `${name}="${value.replace(/[\n\r\t"\\$`]/g, (character) => escapes[character] ?? `\\${character}`)}"`;
}

/**
 * The text of an env file with other values: the lines that set these names, with or without `_FILE`, are replaced by new ones
 * at the end. All other lines stay as they are.
 */
export function withSettings({ lines, assignments }: EnvFile, settings: ReadonlyMap<string, string>): string {
  const replaced = assignments.filter(({ name }) => settings.has(name.replace(/_FILE$/, '')));
  const gone = new Set(replaced.flatMap(({ firstLine, lastLine }) => range(firstLine, lastLine)));
  const kept = lines.filter((_, index) => !gone.has(index + 1));
  while (kept.at(-1) === '') kept.pop();
  const added = [...settings].map(([name, value]) => formatSetting(name, value));
  return `${[...kept, ...added].join('\n')}\n`;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
