/**
 * How the worker learns that the disk of the vault is nearly full, which only its surroundings can see: by a header of the
 * requests. A client that sends it itself is only refused what it asks for.
 */
export const spaceHeader = 'Keystore-Space';
