/** The white space at the ends of a value: what is there, and what of it may go. */

export interface Edges {
  /** What stands there, like "begins with 2 spaces and ends with a line break". */
  text: string;
  /** What would go, like "the 2 spaces and the line break"; empty if nothing should. */
  removed: string;
  /** The value without it. */
  trimmed: string;
}

/** White space, and characters without any width, which copied texts bring along. */
const blank = '[\\s\\u200b-\\u200d\\u2060]';
const atStart = new RegExp(`^${blank}+`);
const atEnd = new RegExp(`${blank}+$`);
const lineBreak = /[\n\r]/;

/**
 * Null if there is nothing at the ends. Several lines are a file, such as a private key, and its line breaks belong to it:
 * ssh-keygen refuses a key whose last one is missing. Of a single line, such as a token, they go too.
 */
export const edgesOf = (value: string): Edges | null => {
  const start = atStart.exec(value)?.[0] ?? '';
  const inner = value.slice(start.length).replace(atEnd, '');
  const end = value.slice(start.length + inner.length);
  if (inner === '' || start + end === '') return null;

  const keepsBreaks = lineBreak.test(inner) || isKey(inner);
  const goes = (character: string) => !(keepsBreaks && lineBreak.test(character));
  const kept = (text: string) => [...text].filter((character) => !goes(character)).join('');
  const parts = [start && `begins with ${counted(start, 'a')}`, end && `ends with ${counted(end, 'a')}`];
  return {
    text: parts.filter(Boolean).join(' and '),
    removed: counted([...(start + end)].filter(goes).join(''), 'the'),
    trimmed: kept(start) + inner + kept(end),
  };
};

const isKey = (text: string) => /^-----BEGIN |^---- BEGIN /.test(text);

/** Whether a value is a private key that lacks the line break at its end. */
export const lacksLineBreak = (value: string): boolean =>
  /^\s*-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\n[\s\S]*\n-----END [A-Z0-9 ]*PRIVATE KEY-----$/.test(value);

const nameOf = (character: string): string => {
  if (character === ' ') return 'space';
  if (character === '\t') return 'tab';
  if (character === '\u00a0') return 'no-break space';
  return lineBreak.test(character) ? 'line break' : 'invisible character';
};

/** Lists characters in the order in which they first appear: "a space and 2 line breaks". */
const counted = (text: string, article: 'a' | 'the'): string => {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(nameOf(character), (counts.get(nameOf(character)) ?? 0) + 1);
  const items = [...counts].map(([name, count]) => {
    if (count === 1) return `${article === 'a' && name.startsWith('i') ? 'an' : article} ${name}`;
    return `${article === 'the' ? 'the ' : ''}${count} ${name}s`;
  });
  return items.length < 3 ? items.join(' and ') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
};
