/** Whether rows take two lines: a choice of the user, which the browser remembers. */
import { signal } from '@preact/signals';

const storageName = 'keystore-rows';

const stored = (): boolean => {
  try {
    return localStorage.getItem(storageName) === 'comfortable';
  } catch {
    // Storage may be switched off.
    return false;
  }
};

export const isComfortable = signal(stored());

if (globalThis.document)
  addEventListener('storage', ({ key }) => {
    if (key === null || key === storageName) isComfortable.value = stored();
  });

export const toggleRowHeight = (): void => {
  isComfortable.value = !isComfortable.value;
  try {
    if (isComfortable.value) localStorage.setItem(storageName, 'comfortable');
    else localStorage.removeItem(storageName);
  } catch {
    // Storage may be switched off. The choice then lasts until the page is closed.
  }
};
