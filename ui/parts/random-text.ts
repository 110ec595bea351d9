/** Random texts, for values and passwords. */

export const alphabets = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digits: '0123456789',
  symbols: '!#$%&()*+,-./:;<=>?@[]^_{|}~',
} as const;

export type Alphabet = keyof typeof alphabets;

export const minRandomCharacters = 8;
export const maxRandomCharacters = 256;

type Fill = (bytes: Uint8Array<ArrayBuffer>) => unknown;

const fillRandomly: Fill = (bytes) => crypto.getRandomValues(bytes);

/**
 * Every character is equally likely. Bytes beyond the last whole multiple of the alphabet's size are discarded (rejection
 * sampling), because taking them modulo the size would favour the first characters.
 */
export const randomText = (length: number, chosen: readonly Alphabet[], fill: Fill = fillRandomly): string => {
  const alphabet = chosen.map((name) => alphabets[name]).join('') || alphabets.lower;
  const limit = 256 - (256 % alphabet.length);
  const bytes = new Uint8Array(64);
  let text = '';
  while (text.length < length) {
    fill(bytes);
    for (const byte of bytes) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
};
