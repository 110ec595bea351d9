/** The frame around every page: a bar at the left on wide screens, at the bottom on narrow ones. */
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import { pending } from '../api/client.ts';
import type { Session } from '../api/wire.ts';
import { Avatar } from '../parts/avatar.ts';
import { IconButton } from '../parts/button.ts';
import { commandKey } from '../parts/command-key.ts';
import { Icon, type IconName } from '../parts/icon.ts';
import { Mark, NameMark } from '../parts/mark.ts';
import { href, type Page, route } from './router.ts';

export interface Tab {
  page: Page;
  text: string;
  icon: IconName;
}

interface Props {
  tabs: readonly Tab[];
  /** What stands under the link to a page, in a bar at the left. */
  below: Partial<Record<Page, ComponentChildren>>;
  /** Stands beside the mark where there is no bar at the left. */
  notice: ComponentChildren;
  session: Session;
  onPalette: () => void;
  onSignOut: () => void;
  children: ComponentChildren;
}

export const Shell = ({ tabs, below, notice, session, onPalette, onSignOut, children }: Props) => html`
  <a class="skip" href="#main" onClick=${skipToMain}>Skip to main content</a>
  <div class="progress ${pending.value > 0 ? 'on' : ''}" aria-hidden="true" />
  <div class="shell">
    <div class="side">
      <header class="side-head">
        <a class="brand row" href=${href('keys')} aria-label="Keystore home"><${Mark} size=${32} /><${NameMark} /></a>
        ${notice}
        <button type="button" class="palette-button row note" onClick=${onPalette} aria-keyshortcuts="Control+K Meta+K">
          <${Icon} name="search" size=${18} />
          <span class="palette-text">Search<span class="unseen"> keys and commands</span></span>
          <kbd aria-hidden="true">${commandKey} K</kbd>
        </button>
      </header>
      <nav class="tabs" aria-label="Main">${tabs.map((tab) => html`<${TabLink} key=${tab.page} tab=${tab} />${below[tab.page]}`)}</nav>
      <footer class="side-foot row">
        <a class="me row" href=${href('account')} aria-current=${current('account')}>
          <${Avatar} name=${session.user} />
          <span class="who"><bdi class="cut" title=${session.user}>${session.user}</bdi><small class="soft">${session.role === 'admin' ? 'Admin' : 'User'}</small></span>
        </a>
        <${IconButton} icon="leave" label="Sign out" onClick=${onSignOut} />
      </footer>
    </div>
    <main id="main" class="main" tabindex=${-1}>${children}</main>
  </div>
`;

const current = (page: Page) => (route.value.page === page ? 'page' : undefined);

const TabLink = ({ tab: { page, text, icon } }: { tab: Tab }) => html`
  <a class="tab tab-${page} row" href=${href(page)} aria-current=${current(page)}><${Icon} name=${icon} /><span>${text}</span></a>
`;

/** Keeps the link from changing the hash, which is the route. */
const skipToMain = (event: Event) => {
  event.preventDefault();
  document.getElementById('main')?.focus();
};
