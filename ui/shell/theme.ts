/** The theme: light, dark, or the system's. The UI stores nothing else in the browser but the height of the rows. */
import { signal } from '@preact/signals';
import type { IconName } from '../parts/icon.ts';
import { applyTheme, storageName, storedTheme, storeTheme, type ThemeName } from './theme-name.ts';

export const themes: readonly { value: ThemeName; text: string; icon: IconName }[] = [
  { value: 'system', text: 'System', icon: 'screen' },
  { value: 'light', text: 'Light', icon: 'sun' },
  { value: 'dark', text: 'Dark', icon: 'moon' },
];

export const theme = signal(storedTheme());

/** Another tab chose a theme, or cleared the browser's storage. */
if (globalThis.document) {
  addEventListener('storage', ({ key }) => {
    if (key !== null && key !== storageName) return;
    theme.value = storedTheme();
    applyTheme(theme.value);
  });
}

export const setTheme = (name: ThemeName): void => {
  theme.value = name;
  applyTheme(name);
  storeTheme(name);
};
