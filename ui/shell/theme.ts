import { signal } from '@preact/signals';

/** Light, dark, or as the system has it. The one thing that is kept in the browser: nothing secret is. */

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** `theme-boot.ts` reads it too, before anything is drawn. */
const storageName = 'keystore-theme';

const kept = (): Theme => {
  try {
    const name = localStorage.getItem(storageName);
    return themes.find((theme) => theme === name) ?? 'system';
  } catch {
    return 'system';
  }
};

export const theme = signal<Theme>(kept());

export const setTheme = (next: Theme): void => {
  theme.value = next;
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(storageName, next);
  } catch {
    // Storage may be switched off; the theme then lasts as long as the page.
  }
};
