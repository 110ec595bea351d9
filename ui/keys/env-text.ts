/** Writes values as lines of an .env file, which every reader of such files reads as they were. */

/** The name in a file: the last part of the key's name, or all of it where two keys would have the same. */
const variableOf = (name: string, all: readonly string[]): string => {
  const last = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const isUnique = all.every((other) => other === name || last(other) !== last(name));
  return (isUnique ? last(name) : name).replace(/\W/g, '_').replace(/^(?=\d)|^$/, '_');
};

/** Plain where nothing could be read differently, otherwise in double quotes, with the escapes that the reader knows. */
const quoted = (value: string): string => {
  if (/^[\w@%+:,./-]*$/.test(value)) return value;
  const escaped = value
    .replace(/[\\"$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
};

/** `NAME=value` for each, in the order of `names`. */
export const envText = (names: readonly string[], values: Readonly<Record<string, string>>): string =>
  names
    .filter((name) => Object.hasOwn(values, name))
    .map((name) => `${variableOf(name, names)}=${quoted(values[name] ?? '')}\n`)
    .join('');
