/** Copies secrets without showing them, with or without `navigator.clipboard`, which plain http does not have. */
import { Problem } from '../api/client.ts';
import { notify } from './toast.ts';

const clearAfterSeconds = 30;

/** Copies what `load` fetches. After a while the clipboard is cleared, if it still holds that. */
export const copySecret = async (load: () => Promise<string>, label: string): Promise<void> => {
  const fingerprint = await copied(load);
  dismissEarlier();
  dismissEarlier = notify({
    text: `Copied ${label}. The clipboard will be cleared when the countdown ends.`,
    seconds: clearAfterSeconds,
    isCountdown: true,
  });
  clearTimeout(clearing);
  clearing = setTimeout(() => void clear(fingerprint), clearAfterSeconds * 1000);
};

let dismissEarlier = () => {};
let clearing: ReturnType<typeof setTimeout> | undefined;

/** Hands the promise itself to the clipboard where it can: Safari ends the permission of a click when code awaits an answer. */
const copied = async (load: () => Promise<string>): Promise<string | null> => {
  const value = load();
  if (navigator.clipboard && 'ClipboardItem' in globalThis) {
    const blob = value.then((text) => new Blob([text], { type: 'text/plain' }));
    // The caller learns of a failure from `value`.
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
    // The permission or the focus is missing. The old command may still work.
  }
  if (!writeByCommand(text)) throw new Problem(0, 'The browser blocked copying. Reveal the value and copy it by hand.');
};

/** An open dialog makes everything outside it inert, so the text area is added where the focus is. */
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

/** Recognises a value later without keeping it. Null where the browser offers no digest; it then offers no reading either. */
const fingerprintOf = async (text: string): Promise<string | null> => {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].join();
};

const unchecked =
  'The copied value may still be on the clipboard: this page is not allowed to check. Copy something else to replace it.';

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

/** The clipboard's text; null if the browser would ask the user first. A page without focus waits until it has it. */
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
