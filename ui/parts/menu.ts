/** A button that opens a menu of choices, of which one holds (ARIA Authoring Practices, "Menu Button"). Each says what it means. */
import { html } from 'htm/preact';
import { useId, useRef } from 'preact/hooks';
import { Icon } from './icon.ts';

export interface MenuChoice<Value> {
  value: Value;
  text: string;
  /** What it means. */
  hint: string;
}

interface Props<Value> {
  label: string;
  value: Value;
  choices: readonly MenuChoice<Value>[];
  onChoose: (value: Value) => void;
}

/** The browser puts a popover above everything, and closes it on Esc and on a click elsewhere. */
export const Menu = <Value extends string>({ label, value, choices, onChoose }: Props<Value>) => {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const items = () => [...(list.current?.querySelectorAll('button') ?? [])];
  const focusOn = (index: number) =>
    items()
      .at(index % choices.length)
      ?.focus();

  const onBeforeToggle = ({ newState }: { newState: string }) => {
    if (newState !== 'open' || !button.current) return;
    const { left, bottom, top } = button.current.getBoundingClientRect();
    const isLow = bottom > innerHeight * 0.6;
    list.current?.style.setProperty(
      'inset',
      isLow ? `auto auto ${innerHeight - top + 4}px ${left}px` : `${bottom + 4}px auto auto ${left}px`,
    );
  };
  const onToggle = ({ newState }: { newState: string }) => {
    const isOpen = newState === 'open';
    button.current?.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) focusOn(choices.findIndex((choice) => choice.value === value));
  };
  const onButtonKey = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    list.current?.showPopover();
  };
  const onListKey = (event: KeyboardEvent) => {
    const at = items().indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Tab') list.current?.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    focusOn(to);
  };

  return html`
    <button
      ref=${button} type="button" class="input menu-button row ends" aria-haspopup="menu" aria-expanded="false" aria-label="${label}: ${choices.find((choice) => choice.value === value)?.text}"
      popovertarget=${id} onKeyDown=${onButtonKey}
    >
      <span>${choices.find((choice) => choice.value === value)?.text}</span><${Icon} name="open" size=${14} />
    </button>
    <div ref=${list} id=${id} popover="auto" role="menu" aria-label=${label} class="menu panel" onBeforeToggle=${onBeforeToggle} onToggle=${onToggle} onKeyDown=${onListKey}>
      ${choices.map(
        ({ value: choice, text, hint }) => html`
          <button
            key=${choice} type="button" role="menuitemradio" aria-checked=${choice === value} tabindex=${-1} class="menu-item bare"
            onClick=${() => {
              list.current?.hidePopover();
              if (choice !== value) onChoose(choice);
            }}
          >
            <${Icon} name="check" size=${18} /><span>${text}<small class="soft">${hint}</small></span>
          </button>
        `,
      )}
    </div>
  `;
};
