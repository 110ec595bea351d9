/** Counts the keys that are set up. testing/counted-crypto.ts puts these functions between core/crypto/ and its packages. */
import { count } from './counters.ts';

interface Aes {
  cbc: (key: Uint8Array, iv: Uint8Array) => Record<'encrypt' | 'decrypt', (bytes: Uint8Array) => Uint8Array>;
  unsafe: Record<string, unknown>;
}

/** `@noble/ciphers/aes.js`, with its key expansions counted: each use of `cbc` is one. */
export function countingAes<Module extends object>(real: Module): Module {
  const { cbc, unsafe } = real as unknown as Aes;
  const counted = (key: Uint8Array, iv: Uint8Array) => {
    const cipher = cbc(key, iv);
    const counting = (method: 'encrypt' | 'decrypt') => (bytes: Uint8Array) => {
      count('AES key expansions');
      return cipher[method](bytes);
    };
    return { encrypt: counting('encrypt'), decrypt: counting('decrypt') };
  };
  const expanding =
    (name: 'expandKeyLE' | 'expandKeyDecLE') =>
    (...given: unknown[]): unknown => {
      count('AES key expansions');
      return Reflect.apply(unsafe[name] as () => unknown, undefined, given);
    };
  const expansions = { expandKeyLE: expanding('expandKeyLE'), expandKeyDecLE: expanding('expandKeyDecLE') };
  return { ...real, cbc: counted, unsafe: { ...unsafe, ...expansions } };
}

interface Hmac {
  hmac: ((...given: unknown[]) => unknown) & { create: (...given: unknown[]) => unknown };
}

/** `@noble/hashes/hmac.js`, with its key set-ups counted. */
export function countingHmac<Module extends object>(real: Module): Module {
  const { hmac } = real as unknown as Hmac;
  const counted = (...given: unknown[]) => {
    count('HMAC key set-ups');
    return hmac(...given);
  };
  counted.create = (...given: unknown[]) => {
    count('HMAC key set-ups');
    return hmac.create(...given);
  };
  return { ...real, hmac: counted };
}
