/** The theme that the user chose, in the browser's storage and on the page. Imports nothing: it also runs before the first paint. */

const themeNames = ['system', 'light', 'dark'] as const;
export type ThemeName = (typeof themeNames)[number];

export const storageName = 'keystore-theme';

export const storedTheme = (): ThemeName => {
  try {
    const stored = localStorage.getItem(storageName);
    return themeNames.find((name) => name === stored) ?? 'system';
  } catch {
    // Storage may be switched off.
    return 'system';
  }
};

export const storeTheme = (name: ThemeName): void => {
  try {
    localStorage.setItem(storageName, name);
  } catch {
    // Storage may be switched off. The theme then lasts until the page is closed.
  }
};

export const applyTheme = (name: ThemeName): void => {
  if (name === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
};
