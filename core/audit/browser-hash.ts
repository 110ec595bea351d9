/** SHA-256 in the browser: its own, which it has on secure pages only, or one that is loaded for the others. */

export async function sha256(bytes: Uint8Array, subtle: Pick<SubtleCrypto, 'digest'> | undefined): Promise<Uint8Array> {
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  const { sha256: own } = await import('@noble/hashes/sha2.js');
  return own(bytes);
}
