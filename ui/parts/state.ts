/** What a page shows in place of its content: loading, failed, not permitted, or empty. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Problem } from '../api/client.ts';
import type { Loaded } from '../api/loaded.ts';
import { Button } from './button.ts';
import { Icon, type IconName } from './icon.ts';
import { useRetry } from './retry.ts';
import { clock } from './time.ts';

interface ContentProps<Answer> {
  of: Loaded<Answer>;
  /** The heading if the answer could not be loaded. */
  failure: string;
  /** The text while it is loading. */
  waiting: ComponentChildren;
  /** In place of the content if there is no such thing: trying again does not help. */
  missing?: ComponentChildren;
  children: (answer: Answer) => ComponentChildren;
}

/** Fetches data when it appears, and shows it, or why it is not there yet. What is there stays while a new fetch fails. */
export const Content = <Answer>({ of, failure, waiting, missing, children }: ContentProps<Answer>) => {
  const { answer, error, load } = of;
  useLayoutEffect(() => void load(), [load]);
  useRetry(error.value, load);
  if (missing && error.value?.status === 404) return missing;
  if (error.value && answer.value === null)
    return html`<${Failed} error=${error.value} title=${failure} onRetry=${load} />`;
  if (answer.value === null) return html`<${Waiting}>${waiting}<//>`;
  return html`
    ${children(answer.value)}
    <div class="stale-place" role="status">${error.value && html`<${Stale} of=${of} error=${error.value} />`}</div>
  `;
};

const Stale = <Answer>({ of, error }: { of: Loaded<Answer>; error: Problem }) => html`
  <p class="stale panel row">
    <${Icon} name="alert" />
    <span>Showing what was loaded at ${clock(of.time.value)}. ${reasonOf(error)}; trying again.</span>
    <${Button} kind="quiet" onClick=${() => void of.load()}>Try now<//>
  </p>
`;

const reasonOf = ({ status }: Problem): string => {
  if (!navigator.onLine) return 'Offline';
  return status === 0 ? 'The vault is not responding' : 'The vault cannot answer now';
};

interface BlankProps {
  icon: IconName;
  title: string;
  children: ComponentChildren;
  tone?: 'plain' | 'bad' | 'refused';
}

/** In place of an empty list: why it is empty, and the one thing to do next. */
export const Blank = ({ icon, title, children, tone = 'plain' }: BlankProps) => html`
  <div class="blank ${tone}" role=${tone === 'bad' ? 'alert' : undefined}>
    <div class="blank-icon disc"><${Icon} name=${icon} size=${28} /></div>
    <h2>${title}</h2>
    ${children}
  </div>
`;

/** A missing permission looks different from a failure: trying again does not help. */
export const Failed = ({ error, title, onRetry }: { error: Problem; title: string; onRetry: () => unknown }) =>
  error.status === 403
    ? html`<${Blank} icon="lock" tone="refused" title="Admins only"><p>${error.message} If you need access, ask an admin.</p><//>`
    : html`
        <${Blank} icon="alert" tone="bad" title=${title}>
          <p>${error.message}</p>
          <${Button} icon="refresh" onClick=${() => void onRetry()}>Try again<//>
        <//>
      `;

/** Appears only after a moment, so that quick answers do not flicker. */
export const Waiting = ({ children }: { children: ComponentChildren }) => html`
  <div class="waiting row soft" role="status"><span class="spinner" /><span>${children}</span></div>
`;
