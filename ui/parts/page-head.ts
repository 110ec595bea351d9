import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { shown } from '../../core/text.ts';

interface Props {
  title: string;
  lead?: ComponentChildren;
  children: ComponentChildren;
}

/** The head of a page: its title and its actions. The heading gets the focus when the page opens. */
export const PageHead = ({ title, lead, children }: Props) => html`
  <header class="page-head ends">
    <div><h1 tabindex=${-1}>${title}</h1>${lead && html`<p class="soft">${lead}</p>`}</div>
    <div class="page-actions">${children}</div>
  </header>
`;

/** Names the page in the title of the window. */
export const setTitle = (text: string): void => {
  document.title = `${shown(text)} · Keystore`;
};
