/** How the gate shows to the worker that a request came through it: other programs of the machine reach the worker's port, too. */
export const gateHeader = 'X-Keystore-Gate';
