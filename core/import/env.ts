/** Reads the lines of a .env file as entries of an import, with the reader that the vault uses for its own. */

import { type EnvFile, readEnvText } from '../settings/env-reader.ts';
import { collect, type ImportFile } from './entries.ts';

/**
 * The assignments of an env file, in the format of `readEnvText`. Of several with the same name the last one counts.
 *
 * @throws OperatorError naming the first line that cannot be read. It quotes no value.
 */
export function readEnvEntries(text: string): ImportFile {
  const env = readEnvText(text, 'The file');
  const { file, add, skip } = collect('env');
  const last = new Map(env.assignments.map(({ name, firstLine }) => [name, firstLine]));
  for (const { name, value, firstLine } of env.assignments) {
    const where = `line ${firstLine}`;
    const counts = last.get(name);
    if (counts === firstLine) add({ name, value, description: '', where });
    else skip(where, name, `Line ${counts} sets it again, and the last one counts.`);
  }
  for (const { name, line } of bareNames(env)) skip(`line ${line}`, name, 'It has no "=", so it has no value.');
  return file;
}

/** Lines that are neither comments nor part of an assignment: the reader takes a name alone, and nothing else. */
function bareNames({ lines, assignments }: EnvFile): { name: string; line: number }[] {
  const taken = new Set<number>();
  for (const { firstLine, lastLine } of assignments) {
    for (let line = firstLine; line <= lastLine; line++) taken.add(line);
  }
  return lines.flatMap((text, index) => {
    const name = text.trim().replace(/^export[ \t]+/, '');
    return name === '' || name.startsWith('#') || taken.has(index + 1) ? [] : [{ name, line: index + 1 }];
  });
}
