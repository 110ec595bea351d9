/** Parts of the UI that are fetched when they are first needed, or when the browser has nothing else to do. */
import { signal } from '@preact/signals';
import { html } from 'htm/preact';
import type { ComponentType, VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { Button } from './button.ts';
import { Dialog } from './dialog.ts';
import { Blank, Waiting } from './state.ts';

const all: (() => Promise<void>)[] = [];

/** Fetches everything that is left, so that later clicks need no connection. What fails is fetched again when it is needed. */
export const fetchRest = async (): Promise<void> => {
  await Promise.all(all.map((fetchOne) => fetchOne().catch(() => {})));
};

const lazyIn = <Props extends object>(
  frame: (props: Props, isMissing: boolean) => VNode,
  fetchIt: () => Promise<ComponentType<Props>>,
) => {
  const found = signal<ComponentType<Props> | null>(null);
  const isMissing = signal(false);
  const load = async () => {
    found.value ??= await fetchIt();
  };
  all.push(load);
  const Lazy = (props: Props): VNode => {
    useLayoutEffect(() => {
      load().catch(() => {
        isMissing.value = true;
      });
    }, []);
    return found.value ? html`<${found.value} ...${props} />` : frame(props, isMissing.value);
  };
  return Object.assign(Lazy, { isHere: () => found.value !== null });
};

/** A page. `isHere` says whether it is shown at once. */
export const lazyPage = <Props extends object>(fetchIt: () => Promise<ComponentType<Props>>) =>
  lazyIn<Props>((_, isMissing) => html`<${Instead} isMissing=${isMissing} />`, fetchIt);

/** A dialog. */
export const lazyDialog = <Props extends { title: string; onClose: () => void }>(
  fetchIt: () => Promise<ComponentType<Props>>,
) =>
  lazyIn<Props>(
    ({ title, onClose }, isMissing) =>
      html`<${Dialog} title=${title} onClose=${onClose}><${Instead} isMissing=${isMissing} /><//>`,
    fetchIt,
  );

/** The vault may have been upgraded since this page was opened, and then serves other files. */
const Instead = ({ isMissing }: { isMissing: boolean }) =>
  isMissing
    ? html`
        <${Blank} icon="alert" tone="bad" title="This part of the page is missing">
          <p>It could not be loaded. Check your connection, then reload the page.</p>
          <${Button} icon="refresh" onClick=${() => location.reload()}>Reload<//>
        <//>
      `
    : html`<${Waiting}>Loading…<//>`;
