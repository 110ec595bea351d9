/** The command palette: finds an action by a part of its name (ARIA Authoring Practices, "Combobox with listbox popup"). */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { commandKey } from './command-key.ts';
import { Dialog } from './dialog.ts';
import { typed } from './events.ts';
import { unmanaged } from './field.ts';
import { Icon, type IconName } from './icon.ts';

/** What Enter does, what it does with Ctrl or Cmd, and with Alt. */
type Act = { text: string; run: () => unknown };

export interface Command {
  id: string;
  icon: IconName;
  text: string;
  hint?: string;
  acts: [Act, ...Act[]];
}

/** Which of the acts a key press with Enter, or a click, means. */
const actOf = ({ ctrlKey, metaKey, altKey }: KeyboardEvent | MouseEvent) => (ctrlKey || metaKey ? 1 : altKey ? 2 : 0);
const keysOf = [['↵'], [commandKey, '↵'], ['Alt', '↵']];

interface Props {
  /** The commands that match a text, best first. */
  find: (text: string) => Command[];
  onClose: () => void;
}

export const Palette = ({ find, onClose }: Props) => {
  const text = useSignal('');
  const chosen = useSignal(0);
  const list = useRef<HTMLUListElement>(null);
  const commands = find(text.value);
  const at = Math.min(chosen.value, commands.length - 1);
  useLayoutEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }));

  const run = (command: Command | undefined, event: KeyboardEvent | MouseEvent) => {
    const act = command?.acts[actOf(event)];
    if (!act) return;
    onClose();
    act.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) chosen.value = (at + step + commands.length) % Math.max(1, commands.length);
    else if (event.key === 'Enter') run(commands[at], event);
    else return;
    event.preventDefault();
  };
  const onInput = (event: Event) => {
    text.value = typed(event);
    chosen.value = 0;
  };

  return html`
    <${Dialog} title="Commands" kind="palette" onClose=${onClose}>
      <div class="palette-search row soft">
        <${Icon} name="search" />
        <input
          role="combobox" aria-label="Search keys and commands" aria-expanded="true" aria-controls="palette-list" autofocus
          aria-activedescendant=${at >= 0 ? `palette-${at}` : undefined} ...${unmanaged} spellcheck=${false}
          placeholder="Search keys and commands" value=${text} onInput=${onInput} onKeyDown=${onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <ul id="palette-list" role="listbox" aria-label="Commands" ref=${list}>
        ${commands.map(
          (command, index) => html`
            <li
              key=${command.id} class="row" id="palette-${index}" role="option" aria-selected=${index === at}
              onClick=${(event: MouseEvent) => run(command, event)} onPointerMove=${() => (chosen.value = index)}
            >
              <${Icon} name=${command.icon} /><span class="cut">${command.text}</span>${command.hint && html`<small>${command.hint}</small>`}
            </li>
          `,
        )}
      </ul>
      ${commands.length === 0 && html`<p class="palette-none soft">No matching keys or commands.</p>`}
      ${commands[at] && html`<${Foot} acts=${commands[at].acts} />`}
    <//>
  `;
};

/** What can be done with the chosen one. */
const Foot = ({ acts }: { acts: Command['acts'] }) => html`
  <p class="palette-foot note row">
    ${acts.map(({ text }, index) => html`<span key=${text}>${keysOf[index]?.map((key) => html`<kbd key=${key}>${key}</kbd>`)} ${text}</span>`)}
    <span class="palette-choose"><kbd>↑</kbd><kbd>↓</kbd> Choose</span>
  </p>
`;
