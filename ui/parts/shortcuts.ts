import { html } from 'htm/preact';
import { Dialog } from './dialog.ts';

const isMac = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? '');
export const commandKey = isMac ? '⌘' : 'Ctrl';

const shortcuts: [string[], string][] = [
  [[commandKey, 'K'], 'Search keys and commands'],
  [['/'], 'Search on this page'],
  [['?'], 'Show these shortcuts'],
  [['↑', '↓'], 'Move in the list of keys'],
  [['Enter'], 'Edit the chosen key'],
  [['C'], 'Copy its value'],
  [['Delete'], 'Delete it'],
  [[commandKey, 'Enter'], 'Save, from a field with many lines'],
  [['Esc'], 'Close what is open'],
];

export const ShortcutTable = () => html`
  <dl class="shortcuts">
    ${shortcuts.map(
      ([keys, text]) =>
        html`<div key=${text}><dt>${keys.map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt><dd>${text}</dd></div>`,
    )}
  </dl>
`;

export const ShortcutDialog = ({ onClose }: { onClose: () => void }) => html`
  <${Dialog} title="Keyboard" onClose=${onClose}><${ShortcutTable} /><//>
`;
