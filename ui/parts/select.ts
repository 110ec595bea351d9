/** Lists to choose from whose choice takes effect at once. */

/** On some systems arrows and letters choose in a closed list. They open it instead, as on macOS. */
export const openList = (event: KeyboardEvent): void => {
  const { key, ctrlKey, metaKey, altKey } = event;
  const isPlain = !ctrlKey && !metaKey && !altKey;
  if (!isPlain || !/^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down)|[^\s])$/.test(key)) return;
  event.preventDefault();
  try {
    (event.currentTarget as HTMLSelectElement).showPicker();
  } catch {
    // Old browsers cannot open it from here; Space and Enter do.
  }
};
