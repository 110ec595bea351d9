/** How the gate shows to the worker that a request came through it: other programs of the machine reach the worker's port, too. */
export const gateHeader = 'X-Keystore-Gate';

/** What somebody else is told who has found an internal port. */
export const refusal = { error: 'This port is internal. Use the address that the vault printed when it started.' };
