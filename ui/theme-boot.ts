/** Applies the stored theme before the first paint, so that a dark page does not flash light first. */
import { applyTheme, storedTheme } from './shell/theme-name.ts';

applyTheme(storedTheme());
