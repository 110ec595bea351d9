import { html } from 'htm/preact';
import { Segmented } from '../parts/segmented.ts';
import { setTheme, theme } from '../shell/theme.ts';

const choices = [
  { value: 'system', text: 'System', icon: 'screen' },
  { value: 'light', text: 'Light', icon: 'sun' },
  { value: 'dark', text: 'Dark', icon: 'moon' },
] as const;

export const ThemeChoice = () =>
  html`<${Segmented} label="Theme" value=${theme.value} choices=${choices} onChange=${setTheme} />`;
