import { html } from 'htm/preact';
import { Segmented } from '../parts/segmented.ts';
import { setTheme, theme, themes } from '../shell/theme.ts';

export const ThemeChoice = () =>
  html`<${Segmented} label="Theme" value=${theme.value} choices=${themes} onChange=${setTheme} />`;
