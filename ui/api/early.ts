/**
 * The first page of the list of keys, asked for at the same time as the session. Only where somebody was signed in when the page was
 * last used: for everybody else it would be a request, and perhaps an entry in the log, for nothing.
 */
import { api } from './client.ts';
import type { KeyList } from './wire.ts';

const storageName = 'keystore-signed-in';

let early: Promise<KeyList> | null = null;

export const askEarly = (): void => {
  try {
    if (localStorage.getItem(storageName) === null) return;
  } catch {
    // Storage may be switched off.
    return;
  }
  early = api.keys('');
  early.catch(() => {});
};

/** The answer, once. What failed is asked for again, so that what is said of it is of now. */
export const takeEarly = (): Promise<KeyList> | null => {
  const mine = early;
  early = null;
  return mine?.catch(() => api.keys('')) ?? null;
};

/** An answer that nobody has taken is not for later, nor for whoever comes next. */
export const dropEarly = (): void => {
  early = null;
};

/** Whether a page that is loaded from now on may ask early. */
export const allowEarly = (isAllowed: boolean): void => {
  if (!isAllowed) dropEarly();
  try {
    if (isAllowed) localStorage.setItem(storageName, '');
    else localStorage.removeItem(storageName);
  } catch {
    // Storage may be switched off.
  }
};
