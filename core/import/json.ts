/** Reads JSON as entries of an import: an object, flat or nested, or a list of objects with a name and a value. */

import { OperatorError } from '../operator-error.ts';
import { collect, type ImportFile } from './entries.ts';

/** A name of more parts has more bytes than a key's name may. */
const maxDepth = 128;

/** What lists call the name, the value and the remark of each entry, as Infisical and others export them. */
const listNames = ['key', 'name', 'key_name', 'secretKey'];
const listValues = ['value', 'api_key', 'secretValue'];
const listRemarks = ['description'];

/** A number as it stands in the text: as a number it may lose digits. */
class NumberText {
  readonly source: string | undefined;
  readonly number: number;
  constructor(number: number, source: string | undefined) {
    this.number = number;
    this.source = source;
  }
}

/**
 * Entries for the texts, numbers and booleans in an object. Objects in it are folders: `{"shop": {"STRIPE": "x"}}` is `shop/STRIPE`.
 * Of a name that an object has twice the last one counts, as everywhere in JSON.
 *
 * @throws OperatorError if it is not JSON, or nothing that can be imported. It quotes nothing of the text.
 */
export function readJsonEntries(text: string): ImportFile {
  const collected = collect('json');
  const { file, add, skip } = collected;
  const root = parse(text);
  if (Array.isArray(root)) {
    for (const [index, item] of root.entries()) readItem(item, `item ${index + 1}`);
  } else if (isObject(root)) {
    walk(root, '', 1);
  } else {
    throw new OperatorError('The JSON is a single value. It must be an object of names and values.');
  }
  return file;

  function walk(object: object, prefix: string, depth: number): void {
    for (const [key, value] of Object.entries(object)) {
      const name = prefix + key;
      if (!isObject(value)) addValue({ name, value, where: name, description: '' });
      else if (depth < maxDepth) walk(value, `${name}/`, depth + 1);
      else skip(`${name.slice(0, 80)}…`, '', 'It is nested too deeply.');
    }
  }

  function readItem(item: unknown, where: string): void {
    const name = isObject(item) ? textOf(item, listNames) : undefined;
    const value = isObject(item) ? fieldOf(item, listValues) : undefined;
    if (name === undefined || value === undefined) {
      skip(where, name ?? '', 'It is no object with a "key" and a "value".');
      return;
    }
    addValue({ name, value, where, description: textOf(item as object, listRemarks) ?? '' });
  }

  function addValue({ value, ...entry }: { name: string; value: unknown; where: string; description: string }): void {
    const { where, name } = entry;
    if (typeof value === 'string') add({ ...entry, value });
    else if (typeof value === 'boolean') add({ ...entry, value: String(value) });
    else if (value === null) skip(where, name, 'Its value is null.');
    else if (Array.isArray(value))
      skip(where, name, 'It is a list. Import its parts one by one, or the list as a text.');
    else if (!(value instanceof NumberText)) skip(where, name, 'It is an object, where a value belongs.');
    else if (value.source !== undefined) add({ ...entry, value: value.source });
    else if (Number.isSafeInteger(value.number)) add({ ...entry, value: String(value.number) });
    else skip(where, name, 'This browser cannot read the number exactly. Put it in quotes.');
  }
}

function parse(text: string): unknown {
  // The third argument is newer than some browsers: https://github.com/tc39/proposal-json-parse-with-source
  function keepNumbers(_: string, value: unknown, context?: { source?: string }): unknown {
    return typeof value === 'number' ? new NumberText(value, context?.source) : value;
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''), keepNumbers);
  } catch (error) {
    if (error instanceof RangeError) throw new OperatorError('The JSON is nested too deeply.');
    // The error of the runtime quotes the text.
    throw new OperatorError('The file is not valid JSON.');
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

function fieldOf(item: object, names: readonly string[]): unknown {
  const name = names.find((each) => Object.hasOwn(item, each));
  return name === undefined ? undefined : (item as Record<string, unknown>)[name];
}

function textOf(item: object, names: readonly string[]): string | undefined {
  const found = fieldOf(item, names);
  return typeof found === 'string' ? found : undefined;
}
