/**
 * Copies secrets without showing them, with or without `navigator.clipboard`, which plain http does not have, and takes them off
 * the clipboard again: after a while, at the end of the session, and when the page is left. It never replaces what somebody
 * else has copied meanwhile. It knows that by reading the clipboard if it may, and otherwise only as long as the page has kept
 * the focus since.
 */
import { Problem } from '../api/client.ts';
import { complain, notify } from './toast.ts';

const clearAfterSeconds = 30;
const ownReportMs = 1_000;

interface Copied {
  /** Recognises the value without keeping it. Null where the browser offers no digest; it then offers no reading either. */
  fingerprint: string | null;
  mayRead: boolean;
  /** Whether nothing can have replaced it: the page kept the focus, and nothing else was copied in it. */
  isUntouched: boolean;
}

/** What is on the clipboard because of this page, as far as it knows. */
let copied: Copied | null = null;
let dismissEarlier = () => {};
let clearing: ReturnType<typeof setTimeout> | undefined;
let listening = new AbortController();

/** Copies what `load` fetches. After a while the clipboard is cleared, if it still holds that. */
export const copySecret = async (load: () => Promise<string>, label: string): Promise<void> => {
  const fingerprint = await written(load);
  forget();
  const mine: Copied = { fingerprint, mayRead: await mayRead(), isUntouched: document.hasFocus() };
  copied = mine;
  watch(mine);
  dismissEarlier = notify({
    text: `Copied ${label}. The clipboard will be cleared when the countdown ends.`,
    seconds: clearAfterSeconds,
    isCountdown: true,
  });
  // Over plain http, a page may write only when the user has just done something.
  const isPlain = !navigator.clipboard;
  clearing = setTimeout(() => {
    if (isPlain) mine.isUntouched = false;
    void clearCopied();
  }, clearAfterSeconds * 1000);
};

/** Copies a text that is no secret. */
export const copyText = async (text: string, label: string): Promise<void> => {
  try {
    await write(text);
    notify({ text: `Copied ${label}.` });
  } catch (problem) {
    complain(problem);
  }
};

const forget = (): void => {
  copied = null;
  clearTimeout(clearing);
  listening.abort();
  dismissEarlier();
};

const watch = (mine: Copied): void => {
  listening = new AbortController();
  const { signal } = listening;
  const touched = () => {
    mine.isUntouched = false;
  };
  addEventListener('blur', touched, { signal });
  addEventListener('visibilitychange', touched, { signal });
  for (const type of ['copy', 'cut']) document.addEventListener(type, touched, { signal });
  // Not in every browser. It also reports the page's own copy, a moment late.
  const settled = performance.now() + ownReportMs;
  const changed = () => {
    // Until it has looked, the page may be left, and must not clear what it does not know.
    if (mine.mayRead || performance.now() > settled) touched();
    void look(mine);
  };
  navigator.clipboard?.addEventListener('clipboardchange', changed, { signal });
  addEventListener('focus', () => void look(mine), { signal });
  addEventListener('beforeunload', () => void clearAtExit(mine), { signal });
  addEventListener('pagehide', () => clearAtOnce(mine), { signal });
};

/** Looks at the clipboard if the page may, so that it knows what to do when there is no time to look. */
const look = async (mine: Copied): Promise<void> => {
  if (mine.mayRead) mine.isUntouched = (await stateOf(mine)) === 'ours';
};

const unchecked =
  'The copied value may still be on the clipboard: this page is not allowed to check. Copy something else to replace it.';

/** Clears the clipboard if it still holds what this page copied. Without the focus it waits until the page has it. */
export const clearCopied = async (): Promise<void> => {
  const mine = copied;
  if (!mine) return;
  clearTimeout(clearing);
  dismissEarlier();
  const found = await stateOf(mine);
  if (copied !== mine) return;
  forget();
  if (found === 'replaced') return;
  if (found === 'ours' && (await overwrite())) notify({ tone: 'plain', text: 'Clipboard cleared.', seconds: 3 });
  else notify({ tone: 'plain', text: unchecked, seconds: 12 });
};

const stateOf = async ({
  fingerprint,
  mayRead: reads,
  isUntouched,
}: Copied): Promise<'ours' | 'replaced' | 'unknown'> => {
  const found = reads && fingerprint !== null ? await readBack() : null;
  if (found !== null) return (await fingerprintOf(found)) === fingerprint ? 'ours' : 'replaced';
  return isUntouched && document.hasFocus() ? 'ours' : 'unknown';
};

const overwrite = async (): Promise<boolean> => {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText('');
      return true;
    }
  } catch {
    // The permission or the focus is missing. The old command may still work.
  }
  return emptyByCommand();
};

/** A page that is left by a link or a reload lives long enough to read the clipboard first, one that is closed does not. */
const clearAtExit = async (mine: Copied): Promise<void> => {
  clearAtOnce(mine);
  if (copied !== mine || !mine.mayRead) return;
  const found = await stateOf(mine);
  if (copied !== mine || found === 'unknown') return;
  copied = null;
  if (found === 'ours') await overwrite();
};

/** The last moment, in which nothing can be awaited any more. */
const clearAtOnce = (mine: Copied): void => {
  if (copied === mine && mine.isUntouched && emptyByCommand()) copied = null;
};

/** Puts an empty text on the clipboard, at once. */
const emptyByCommand = (): boolean => {
  const fill = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', '');
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  addEventListener('copy', fill, { capture: true });
  try {
    return document.execCommand('copy');
  } finally {
    removeEventListener('copy', fill, { capture: true });
  }
};

/** Hands the promise itself to the clipboard where it can: Safari ends the permission of a click when code awaits an answer. */
const written = async (load: () => Promise<string>): Promise<string | null> => {
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

const fingerprintOf = async (text: string): Promise<string | null> => {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].join();
};

const mayRead = async (): Promise<boolean> => {
  try {
    const { state } = await navigator.permissions.query({ name: 'clipboard-read' as PermissionName });
    return state === 'granted';
  } catch {
    return false;
  }
};

/** The clipboard's text; null if the browser refuses. A page without focus waits until it has it. */
const readBack = async (): Promise<string | null> => {
  try {
    if (!document.hasFocus()) await new Promise((resolve) => addEventListener('focus', resolve, { once: true }));
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
};
