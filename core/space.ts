/**
 * The reserve of free space on the disk of a vault. Below it the vault stores nothing new, so that it can go on recording who
 * reads. Only the surroundings of the worker can measure the disk; they tell it by a header of the requests. A client that sends
 * the header itself is only refused what it asks for.
 */

export const spaceHeader = 'Keystore-Space';

/** How long a measurement counts while there is space. */
export const maxSpaceAgeMs = 1_000;

/** The reserve on a disk of so many bytes: what is set, or a quarter of a small disk. */
export function reserveBytes(minFreeMegabytes: number, diskBytes: number): number {
  return Math.min(minFreeMegabytes * 1024 * 1024, diskBytes / 4);
}

/** Whether a request may store something that needs room. */
export function isStoring(method: string, pathname: string): boolean {
  return (method === 'POST' || method === 'PUT') && /\/(?:keys?|users)(?:\/|\?|$)/.test(pathname);
}
