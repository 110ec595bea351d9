/** Look-alike names: whether a new name could be mistaken for an existing one. Likenesses are stored: never change how one is made. */
import { trimmed, withoutInvisible } from '../text.ts';

/**
 * The likeness of a key's name: two names with the same likeness differ only in white space, width, invisible characters, or in
 * how accents are composed. Letters keep their case and their script, since `API_KEY` and `api_key` are two keys to a program.
 */
export function keyLikeness(name: string): string {
  let folded = name;
  // A character that is removed may have kept two others from being composed.
  for (let before = ''; before !== folded; ) {
    before = folded;
    folded = withoutInvisible(folded.normalize('NFKC').replace(/[\p{White_Space}\u2800]+/gu, ' '));
  }
  return trimmed(folded);
}

/**
 * The likeness of an account's name: two names with the same likeness look the same to a reader. Case, width and invisible characters
 * are folded, and so are letters of other scripts that look like Latin ones. After Unicode TS 39 ("confusables"), reduced to
 * the letters that someone is likely to forge an account's name with.
 */
export function likeness(name: string): string {
  return [...name.normalize('NFKC').toLowerCase().normalize('NFKC')]
    .filter((character) => !/\p{Default_Ignorable_Code_Point}/u.test(character))
    .map((character) => lookAlikes.get(character) ?? character)
    .join('')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/\s+/g, ' ')
    .trim();
}

const families: Record<string, string> = {
  a: 'аαɑ',
  b: 'ьƅЬ',
  c: 'сϲᴄ',
  d: 'ԁ',
  e: 'еҽє℮',
  g: 'ɡց',
  h: 'һհ',
  i: 'іɩι',
  j: 'јϳ',
  k: 'кκ',
  l: '1|!ӏӀɭ∣ا',
  m: 'м',
  n: 'ոηпռ',
  o: '0оοօσ๐০',
  p: 'рρ',
  q: 'ԛգ',
  r: 'гᴦ',
  s: 'ѕꜱ5$',
  t: 'тτ',
  u: 'υսцᴜ',
  v: 'νѵᴠ',
  w: 'ԝѡωա',
  x: 'хχ×',
  y: 'уγүყ',
  z: 'ᴢ',
  '-': '‐‑‒–—−_',
  "'": '’‘ʼ`´',
};

const lookAlikes = new Map(
  Object.entries(families).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
);
