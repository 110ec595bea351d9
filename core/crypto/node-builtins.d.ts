/**
 * The parts of Node's standard library that crypto/ and audit/ use, for programs that are checked against workerd's globals.
 * `@types/node` would also declare Node's globals, and so accept code that does not run on the edge. Programs that use
 * `@types/node` (box/) do not include this file.
 */

declare module 'node:crypto' {
  interface Hashing {
    update(bytes: Uint8Array): Hashing;
    digest(): Uint8Array;
  }
  export function createHash(algorithm: 'sha256'): Hashing;
}

declare module 'node:buffer' {
  export const Buffer: {
    from(text: string, encoding: 'base64' | 'base64url' | 'hex'): Uint8Array<ArrayBuffer>;
    from(
      memory: ArrayBufferLike,
      byteOffset: number,
      length: number,
    ): { toString(encoding: 'base64' | 'base64url'): string };
  };
}
