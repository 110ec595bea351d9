import { Problem } from '../api/client.ts';
import { notify } from './toast.ts';

/** Copying what nobody is to see, with or without `navigator.clipboard`, which plain http does not have. */

const clearAfterSeconds = 30;

/** Copies what `load` fetches; the clipboard is cleared after a while, if it still holds that. */
export const copySecret = async (load: () => Promise<string>, label: string): Promise<void> => {
  const fingerprint = await copied(load);
  dismissEarlier();
  dismissEarlier = notify({
    text: `Copied ${label}. The clipboard is cleared when the countdown ends.`,
    seconds: clearAfterSeconds,
    isCountdown: true,
  });
  clearTimeout(clearing);
  clearing = setTimeout(() => void clear(fingerprint), clearAfterSeconds * 1000);
};

let dismissEarlier = () => {};
let clearing: ReturnType<typeof setTimeout> | undefined;

/**
 * The promise goes to the clipboard itself where that is possible: Safari forgets the click that allowed it while an
 * answer is awaited.
 */
const copied = async (load: () => Promise<string>): Promise<string | null> => {
  const value = load();
  if (navigator.clipboard && 'ClipboardItem' in globalThis) {
    const blob = value.then((text) => new Blob([text], { type: 'text/plain' }));
    // Whoever asked hears of a failure from `value`.
    blob.catch(() => {});
    const isWritten = await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]).then(
      () => true,
      () => false,
    );
    if (isWritten) return fingerprintOf(await value);
  }
  await write(await value);
  return fingerprintOf(await value);
};

const write = async (text: string): Promise<void> => {
  try {
    if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  } catch {
    // Refused by a permission or for want of focus: the old way may still be open.
  }
  if (!writeByCommand(text))
    throw new Problem(0, 'The browser did not let the page copy. Reveal the value and copy it by hand.');
};

/** A dialog makes everything outside it inert, so the text area goes where the focus is. */
const writeByCommand = (text: string): boolean => {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  area.readOnly = true;
  area.setAttribute('aria-hidden', 'true');
  (focused?.closest('dialog') ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } finally {
    area.value = '';
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
};

/** To know a value again without keeping it; null where the browser has no digest, and so no reading either. */
const fingerprintOf = async (text: string): Promise<string | null> => {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].join();
};

const unchecked =
  'The copied value may still be on the clipboard: this page may not look. Copy something else over it.';

const clear = async (fingerprint: string | null): Promise<void> => {
  const found = fingerprint === null ? null : await readBack();
  if (found === null) {
    notify({ tone: 'plain', text: unchecked, seconds: 12 });
    return;
  }
  if ((await fingerprintOf(found)) !== fingerprint) return;
  await navigator.clipboard.writeText('');
  notify({ tone: 'plain', text: 'Clipboard cleared.', seconds: 3 });
};

/** What is on the clipboard, if reading it needs no question to the person; a page without focus waits for it. */
const readBack = async (): Promise<string | null> => {
  try {
    const { state } = await navigator.permissions.query({ name: 'clipboard-read' as PermissionName });
    if (state !== 'granted') return null;
    if (!document.hasFocus()) await new Promise((resolve) => addEventListener('focus', resolve, { once: true }));
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
};
