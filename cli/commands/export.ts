/** `keystore export`: values for another program, or for a file. */

import { type NameFormat, nameFormats, type VariableFormat, writeNames, writeVariables } from '../formats/export.ts';
import { variablesOf } from '../formats/variables.ts';
import { usageFailure } from '../terminal/failure.ts';
import { standardOutput } from '../terminal/output.ts';
import { type Layer, offlineOf, openForReading, readLayers } from '../vault/values.ts';
import type { Given } from './arguments.ts';
import { namingOf } from './naming.ts';
import { writeNew } from './new-file.ts';

export async function run(given: Given): Promise<undefined> {
  const format = given.text('format') ?? (given.json ? 'json' : undefined);
  if (format === undefined) throw usageFailure('Which format? Add --format env, json, yaml, shell, fish or docker.');
  const offline = offlineOf(given.has('offline'), given.text('max-age'));
  const layers = await readLayers(openForReading(offline), given.positionals, offline);
  const text = write(format, layers, given);
  const path = given.text('out');
  if (path === undefined) standardOutput().write(text);
  else await writeNew(path, () => Promise.resolve(text), String);
}

function write(format: string, layers: readonly Layer[], given: Given): string {
  if (!(nameFormats as readonly string[]).includes(format)) {
    return writeVariables(format as VariableFormat, variablesOf(layers, namingOf(given)));
  }
  const unfit = ['map', 'prefix', 'allow'].find(
    (option) => given.text(option) !== undefined || given.list(option).length > 0,
  );
  if (unfit !== undefined) throw usageFailure(`--${unfit} is about variables, and ${format} has the names of keys.`);
  return writeNames(format as NameFormat, namesOf(layers, given.parts('only'), given.parts('except')));
}

/** The names below the folders. Of one name in two layers the later one counts. */
function namesOf(layers: readonly Layer[], only: readonly string[], except: readonly string[]): Record<string, string> {
  // Without a prototype, as __proto__ is an ordinary name.
  const all = Object.create(null) as Record<string, string>;
  for (const { folder, values } of layers) {
    for (const [key, value] of Object.entries(values)) {
      const short = key.slice(folder.length);
      const isIn = (list: readonly string[]) => list.includes(key) || list.includes(short);
      if ((only.length === 0 || isIn(only)) && !isIn(except)) all[short] = value;
    }
  }
  return all;
}
