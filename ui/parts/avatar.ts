/** The first letter of a name in a colour of its own. The name stands beside it. */
import { html } from 'htm/preact';

/** Enough to tell a team apart; more would look alike. */
const hues = 12;

/** The same for the same name everywhere (FNV-1a). */
const hueOf = (name: string): number => {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return ((hash >>> 0) % hues) * (360 / hues);
};

export const Avatar = ({ name }: { name: string }) => html`
  <span class="avatar disc" aria-hidden="true" style=${{ '--hue': String(hueOf(name)) }}>${[...name][0]?.toUpperCase()}</span>
`;
