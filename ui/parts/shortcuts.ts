/** The keyboard shortcuts, as a table and as a dialog. */
import { html } from 'htm/preact';
import { commandKey } from './command-key.ts';
import { Dialog } from './dialog.ts';

type Shortcut = [keys: string[], text: string];

const everywhere: Shortcut[] = [
  [[commandKey, 'K'], 'Search keys, people and commands'],
  [['/'], 'Search on this page'],
  [['N'], 'Add a key, a project, a user or a token'],
  [['G', 'K'], 'Go to the keys'],
  [['G', 'P'], 'Go to the projects'],
  [['G', 'T'], 'Go to the trash'],
  [['G', 'L'], 'Go to the access logs'],
  [['G', 'U'], 'Go to the users'],
  [['G', 'A'], 'Go to your account'],
  [[commandKey, 'V'], 'Import keys, with no field chosen'],
  [['?'], 'Show these shortcuts'],
  [[commandKey, 'Enter'], 'Save from a multiline field'],
  [['Esc'], 'Close a dialog, a form or the page of a key'],
];

const atKeys: Shortcut[] = [
  [['↓'], 'From the search into the list'],
  [['↑', '↓'], 'Move through the list'],
  [['Enter'], 'Open the key'],
  [['C'], 'Copy its value'],
  [['R'], 'Show its value, or hide it'],
  [['E'], 'Edit description, expiry and labels'],
  [['X'], 'Select it'],
  [['Shift', 'Click'], 'Select all from the last one on'],
  [['Delete'], 'Move it to the trash'],
];

const inPalette: Shortcut[] = [
  [['Enter'], 'Copy the key, or do what it says'],
  [[commandKey, 'Enter'], 'Open the key'],
  [['Alt', 'Enter'], 'Show its value'],
];

const Table = ({ title, rows }: { title: string; rows: Shortcut[] }) => html`
  <h3 class="label">${title}</h3>
  <dl class="shortcuts">
    ${rows.map(
      ([keys, text]) =>
        html`<div key=${text} class="row ends"><dt>${keys.map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt><dd class="note">${text}</dd></div>`,
    )}
  </dl>
`;

export const ShortcutTable = () => html`
  <${Table} title="Everywhere" rows=${everywhere} />
  <${Table} title="Keys" rows=${atKeys} />
  <${Table} title="In the search for everything" rows=${inPalette} />
`;

export const ShortcutDialog = ({ title, onClose }: { title: string; onClose: () => void }) => html`
  <${Dialog} title=${title} onClose=${onClose}><div class="dialog-body"><${ShortcutTable} /></div><//>
`;
