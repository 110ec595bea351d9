/** The product's icon, its name as a drawing, and the background of the sign-in page: the dial of a vault's door. */
import { html } from 'htm/preact';

/** The icon: a K whose upper arm is a key. `public/favicon.svg` is the same drawing, which a test checks. */
export const Mark = ({ size }: { size: number }) => html`
  <svg class="mark" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" class="mark-ground" />
    <path class="mark-line" d="M9.5 8v16M9.5 18.2l9.3-6.9M13.6 15.2l7.9 8.8" />
    <circle class="mark-bow" cx="21.3" cy="9.5" r="3" />
  </svg>
`;

/** The name, in the line style of the icon. */
export const NameMark = () => html`
  <svg class="name-mark" viewBox="0 0 118 30" role="img" aria-label="Keystore">
    <path d=${letters.join('')} />
  </svg>
`;

const letters = [
  'M3 5v18M3 15.5L13 6M7.2 11.7L14 23', // K
  'M18 17h10.5a5.3 5.3 0 1 0-1.7 3.9', // e
  'M33 11.7l5.2 11M43.4 11.7l-5.2 11-1.4 3a2.6 2.6 0 0 1-3.3 1.4', // y
  'M55.5 13.3c-1-1.2-2.4-1.8-4-1.8-2.3 0-3.9 1.1-3.9 2.9 0 4 8.3 1.9 8.3 6 0 1.8-1.8 3-4.2 3-1.9 0-3.5-.7-4.6-2', // s
  'M62.5 7.5v12a3 3 0 0 0 3 3.3h1.8M59.5 11.8h7.5', // t
  'M82 17.3a5.6 5.6 0 1 1-11.2 0 5.6 5.6 0 0 1 11.2 0z', // o
  'M87.5 11.7V23M87.5 17c0-3.3 2-5.3 5.2-5.3', // r
  'M97 17h10.5a5.3 5.3 0 1 0-1.7 3.9', // e
];

const ticks = Array.from({ length: 72 }, (_, index) => {
  const angle = (index / 72) * 2 * Math.PI;
  const inner = index % 6 === 0 ? 176 : 184;
  const at = (radius: number) =>
    `${(200 + radius * Math.cos(angle)).toFixed(1)} ${(200 + radius * Math.sin(angle)).toFixed(1)}`;
  return `M${at(inner)}L${at(192)}`;
}).join('');

/** The background of the sign-in page. */
export const Dial = () => html`
  <svg class="dial" viewBox="0 0 400 400" aria-hidden="true">
    <circle cx="200" cy="200" r="198" /><path d=${ticks} /><circle cx="200" cy="200" r="150" />
    <circle cx="200" cy="200" r="112" /><path d="M200 88V50M297 256l33 19M103 256l-33 19" /><circle cx="200" cy="200" r="34" />
  </svg>
`;
