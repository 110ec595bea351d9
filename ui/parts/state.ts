import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/client.ts';
import { Button } from './button.ts';
import { Icon, type IconName } from './icon.ts';

interface Props {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  tone?: 'plain' | 'bad';
}

/** Where a list would be, and there is none: why, and the one thing to do next. */
export const Blank = ({ icon, title, children, tone = 'plain' }: Props) => html`
  <div class="blank ${tone}" role=${tone === 'bad' ? 'alert' : undefined}>
    <div class="blank-icon"><${Icon} name=${icon} size=${28} /></div>
    <h2>${title}</h2>
    ${children}
  </div>
`;

/** What could not be fetched: not allowed is another thing than not possible. */
export const Failed = ({ error, title, onRetry }: { error: Problem; title: string; onRetry: () => unknown }) =>
  error.status === 403
    ? html`<${Blank} icon="lock" title="Only for admins"><p>${error.message} Ask an admin if you need it.</p><//>`
    : html`
        <${Blank} icon="alert" tone="bad" title=${title}>
          <p>${error.message}</p>
          <${Button} icon="refresh" onClick=${() => void onRetry()}>Try again<//>
        <//>
      `;

/** Seen only by whoever has waited for a moment already. */
export const Waiting = ({ children }: { children?: ComponentChildren }) => html`
  <div class="waiting" role="status"><span class="spinner" /><span>${children}</span></div>
`;
