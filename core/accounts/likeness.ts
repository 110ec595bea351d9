/** Look-alike names: whether a new account's name could be mistaken for an existing one. */

/**
 * The likeness of a name: two names with the same likeness look the same to a reader. Case, width and invisible characters
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
