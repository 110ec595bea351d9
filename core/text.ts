/** Text that people read as one line: the white space around it, and characters that nobody sees. */

const whiteSpace = /\p{White_Space}/u;

/** Removes white space (Unicode's White_Space) at both ends. Character by character: a pattern takes quadratic time. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && whiteSpace.test(text.charAt(start))) start++;
  while (end > start && whiteSpace.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * Characters that show nothing, or change how their neighbours are shown: controls, line and paragraph separators, controls of
 * direction (UAX 9), joiners and other zero-width characters, fillers, variation selectors, tags, the blank of Braille.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/gu;

/** Emoji contain joiners, variation selectors and tags (UTS 51, section 1.4.9). */
const emoji = [
  '[0-9#*]\\ufe0f\\u20e3',
  '\\u{1f3f4}[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{3,6}\\u{e007f}',
  '\\p{Extended_Pictographic}[\\ufe0e\\ufe0f]?\\p{Emoji_Modifier}?' +
    '(?:\\u200d\\p{Extended_Pictographic}\\ufe0f?\\p{Emoji_Modifier}?)*',
];

/** Scripts whose spelling needs joiners between letters (RFC 5892, appendix A): as in Persian and in Hindi. */
const joined = ['Arabic', 'Syriac', 'Mongolian', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil']
  .concat(['Telugu', 'Kannada', 'Malayalam', 'Sinhala'])
  .map((script) => `\\p{Script=${script}}`)
  .join('');

/** Where an invisible character belongs to what is written. */
const legitimate = new RegExp(`${emoji.join('|')}|(?<=[${joined}])[\\u200c\\u200d](?=[${joined}])`, 'gu');

/** The first invisible character of a text, as `U+202E`; null if there is none outside of emoji and of scripts that need it. */
export function invisibleIn(text: string): string | null {
  const found = text.replace(legitimate, '.').match(invisible)?.[0];
  return found === undefined ? null : codeOf(found);
}

/** The text with its invisible characters made visible, such as `‹U+202E›`: for logs, terminals and pages. */
export function shown(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { index, 0: kept } of text.matchAll(legitimate)) {
    parts.push(marked(text.slice(at, index)), kept);
    at = index + kept.length;
  }
  parts.push(marked(text.slice(at)));
  return parts.join('');
}

/** The text without invisible characters, those of emoji included. */
export function withoutInvisible(text: string): string {
  return text.replace(invisible, '');
}

function marked(text: string): string {
  return text.replace(invisible, (character) => `‹${codeOf(character)}›`);
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
