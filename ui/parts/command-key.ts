/** The key that goes with a letter in shortcuts: Ctrl, or Cmd on a Mac. */
const isMac = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? '');

export const commandKey = isMac ? '⌘' : 'Ctrl';
