/** The keyboard shortcuts, as a table and as a dialog. */
import { html } from 'htm/preact';
import { Dialog } from './dialog.ts';

const isMac = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? '');
export const commandKey = isMac ? '⌘' : 'Ctrl';

const shortcuts: [string[], string][] = [
  [[commandKey, 'K'], 'Search keys and commands'],
  [['/'], 'Search on this page'],
  [['?'], 'Show these shortcuts'],
  [['↑', '↓'], 'Move through the list of keys'],
  [['Enter'], 'Edit the selected key'],
  [['C'], 'Copy its value'],
  [['R'], 'Show its value, or hide it'],
  [['Delete'], 'Delete it'],
  [[commandKey, 'Enter'], 'Save from a multiline field'],
  [['Esc'], 'Close the dialog'],
];

export const ShortcutTable = () => html`
  <dl class="shortcuts">
    ${shortcuts.map(
      ([keys, text]) =>
        html`<div key=${text} class="row ends"><dt>${keys.map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt><dd class="note">${text}</dd></div>`,
    )}
  </dl>
`;

export const ShortcutDialog = ({ onClose }: { onClose: () => void }) => html`
  <${Dialog} title="Keyboard shortcuts" onClose=${onClose}><${ShortcutTable} /><//>
`;
