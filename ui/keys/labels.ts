/** Labels of a key as a line of text: `env:prod, team:web`. */

export type Labels = Readonly<Record<string, string>>;

export const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}:${value}`)
    .join(', ');

/** The labels in a line, or what is wrong with it. A value may contain a colon, a name cannot. */
export const readLabels = (text: string): { labels: Labels } | { problem: string } => {
  const found = new Map<string, string>();
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (part === '') continue;
    const at = part.indexOf(':');
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 0 || name === '' || value === '')
      return { problem: `Write each label as name:value, with commas between them. “${part}” is none.` };
    if (found.has(name)) return { problem: `The label “${name}” is there twice.` };
    found.set(name, value);
  }
  return { labels: Object.fromEntries(found) };
};
