/** Texts that are, and that are not, service tokens. No vault has made them. Tests and docs/TOKENS.md share them. */

export interface ServiceTokenVector {
  text: string;
  /** Why the text is not a token; null if it is one. */
  fault: string | null;
}

/** The checksums were computed with zlib's crc32 (Python), and not with the code that they test. */
export const serviceTokenVectors: readonly ServiceTokenVector[] = [
  { text: 'ks_0000000000000000000000000000002C8GjS', fault: null },
  { text: 'ks_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz4IlJEz', fault: null },
  { text: 'ks_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: null },
  { text: 'ks_uvwxyzUVWXYZ9876543210abcdefgh1ygRnS', fault: null },
  { text: 'ks_Keystore0Vector0Number0Five0002myPrL', fault: null },
  { text: 'ks_LeadingZeroes0000000000000002500CMh0', fault: null },
  { text: 'ks_0123456789ABCDEFGHIJKLMNOPQRST4PMby0', fault: 'a checksum that is mistyped' },
  { text: 'ks_01Q3456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'a digit that is mistyped' },
  { text: 'ks_1023456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'two digits that changed places' },
  { text: 'ks_0123456789ABCDEFGHIJKLMNOPQRST4PMby', fault: 'a digit less' },
  { text: 'ks_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp0', fault: 'a digit more' },
  { text: 'KS_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'a prefix in upper case' },
  { text: 'sk_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'another prefix' },
  { text: 'ks_0123456-89ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'a character that is no digit' },
  { text: 'ks_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp\n', fault: 'a line break behind it' },
  { text: ' ks_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp', fault: 'a blank before it' },
  { text: 'ks_', fault: 'nothing behind the prefix' },
];
