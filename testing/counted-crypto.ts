/** A vitest plugin: the cryptography in core/ counts the keys that it sets up, for the counts of bench/worker/. */
import { join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';

const replacements = join(resolve(import.meta.dirname, '..'), 'bench/worker/crypto.ts');

/** The functions of a package that are replaced, and what replaces them. */
const counted: Record<string, { by: string; names: string }> = {
  '@noble/ciphers/aes.js': { by: 'countingAes', names: 'cbc, unsafe' },
  '@noble/hashes/hmac.js': { by: 'countingHmac', names: 'hmac' },
};

const prefix = '\0counted:';

export const countedCrypto: Plugin = {
  name: 'counted-crypto',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source in counted && importer?.includes('/core/crypto/') ? `${prefix}${source}` : null,
  load(id) {
    const source = id.startsWith(prefix) ? id.slice(prefix.length) : '';
    const { by, names } = counted[source] ?? {};
    if (by === undefined) return null;
    return `import * as real from '${source}'; import { ${by} } from '${replacements}';
      export * from '${source}'; export const { ${names} } = ${by}(real);`;
  },
};
