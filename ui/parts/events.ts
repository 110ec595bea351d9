/** Reads texts and states out of events and forms. */

export const typed = (event: Event): string =>
  (event.currentTarget as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value;

export const isChecked = (event: Event): boolean => (event.currentTarget as HTMLInputElement).checked;

export const fieldText = (form: HTMLFormElement, name: string): string => {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value : '';
};

/** Whether a key press goes to a field, so that it is not a shortcut of the page. */
export const isTyping = (event: Event): boolean =>
  event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]');
