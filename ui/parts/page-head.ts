import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';

/** What page this is and what one can do here. The heading takes the focus when the page opens. */
export const PageHead = ({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children?: ComponentChildren;
}) => html`
  <header class="page-head">
    <div><h1 tabindex="-1">${title}</h1>${lead && html`<p>${lead}</p>`}</div>
    <div class="page-actions">${children}</div>
  </header>
`;
