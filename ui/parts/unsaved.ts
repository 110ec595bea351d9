/** What was typed and not saved yet: the browser asks before the page goes, and the UI before it closes a form. */
import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

interface Question {
  onDiscard: () => void;
}

/** The question that is on the screen, from `DiscardQuestion`. */
export const question = signal<Question | null>(null);

let unsaved = 0;

export const hasUnsaved = (): boolean => unsaved > 0;

/** While `isTyped`, the component that calls this holds something that would be lost. */
export const useUnsaved = (isTyped: boolean): void => {
  useLayoutEffect(() => {
    if (!isTyped) return;
    count(1);
    return () => count(-1);
  }, [isTyped]);
};

const count = (change: number) => {
  unsaved += change;
  // Present only while it is needed: browsers do not keep pages with this listener for their Back button.
  if (unsaved === 0) removeEventListener('beforeunload', askBrowser);
  else addEventListener('beforeunload', askBrowser);
};

const askBrowser = (event: Event) => event.preventDefault();

/**
 * Does something that drops what was typed, if there is anything only after the user agreed.
 *
 * @returns whether it was done at once.
 */
export const askFirst = (isTyped: boolean, onDiscard: () => void): boolean => {
  if (isTyped) question.value = { onDiscard };
  else onDiscard();
  return !isTyped;
};
