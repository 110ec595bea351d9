/** What an event or a form says, as text. */

export const typed = (event: Event): string =>
  (event.currentTarget as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value;

export const isChecked = (event: Event): boolean => (event.currentTarget as HTMLInputElement).checked;

export const fieldText = (form: HTMLFormElement, name: string): string => {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field.value : '';
};

/** Whether the keys that are pressed belong to a field rather than to the page. */
export const isTyping = (event: Event): boolean =>
  event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]');
