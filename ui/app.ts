/** The whole UI: which page is shown, the dialogs over every page, and the keyboard shortcuts that work everywhere. */
import { effect, signal, untracked } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Problem } from './api/client.ts';
import { asProblem } from './api/loaded.ts';
import type { Session } from './api/wire.ts';
import { CareNotice, SideCare, useCareCount } from './care/side.ts';
import { commandsFor } from './commands.ts';
import { nameIn, showsKeys } from './keys/chosen.ts';
import { importWhatIsDropped } from './keys/dropped.ts';
import { AddKeys, KeyDialogs, KeysPage, ProjectKeys } from './keys/page.ts';
import { followOtherTabs, forgetModels, type Models, modelsOf } from './models.ts';
import {
  AboutPage,
  AccountPage,
  CarePage,
  KeyActivity,
  LogsPage,
  NewPassword,
  Overview,
  ProjectActivity,
  ProjectsPage,
  ShortcutDialog,
  TokensPage,
  TrashPage,
  UsersPage,
} from './pages.ts';
import { clearCopied } from './parts/clipboard.ts';
import { openDialogs } from './parts/dialog.ts';
import { DiscardQuestion } from './parts/discard.ts';
import { isTyping } from './parts/events.ts';
import { fetchRest } from './parts/lazy.ts';
import { setTitle } from './parts/page-head.ts';
import { Palette } from './parts/palette.ts';
import { useRetry } from './parts/retry.ts';
import { Failed, Waiting } from './parts/state.ts';
import { forgetToasts, notify, ToastList } from './parts/toast.ts';
import { askFirst, hasUnsaved, question, useUnsaved } from './parts/unsaved.ts';
import { SideProjects } from './projects/side.ts';
import { changePassword, phase, refresh, session, signOut, start, startProblem } from './session/model.ts';
import { ProxyNotice } from './session/proxy-notice.ts';
import { SignIn } from './session/sign-in.ts';
import { go, type Page, type Route, route } from './shell/router.ts';
import { Shell, type Tab } from './shell/shell.ts';

const leave = () => void askFirst(hasUnsaved(), signOutNow);

const signOutNow = () => {
  signOut().catch((problem: unknown) =>
    notify({ tone: 'bad', text: `Sign-out failed, so you are still signed in. ${asProblem(problem).message}` }),
  );
};

/** Whose lists, toasts and copied values this page holds. They go when the user does, wherever that user signed out. */
let holder: string | null = null;

effect(() => {
  const user = session.value?.user ?? null;
  if (user !== holder) {
    holder = user;
    forgetModels();
    forgetToasts();
    question.value = null;
  }
  if (phase.value === 'in') return;
  if (phase.value !== 'starting') setTitle('Sign in');
  untracked(() => void clearCopied());
});

followOtherTabs(() => {
  if (phase.value === 'in') refresh().catch(() => {});
});

export const App = () => {
  switch (phase.value) {
    case 'starting':
      return html`<main class="entrance"><${Waiting}>Opening…<//></main>`;
    case 'unreachable':
      return startProblem.value && html`<${Unreachable} error=${startProblem.value} />`;
    case 'out':
      return html`<${SignIn} notice=${null} username="" /><${ToastList} />`;
    case 'ended':
      return session.value && html`<${Ended} user=${session.value.user} />`;
    case 'in':
      return session.value && html`<${SignedIn} session=${session.value} />`;
  }
};

const Unreachable = ({ error }: { error: Problem }) => {
  useRetry(error, start);
  return html`<main class="entrance"><${Failed} error=${error} title="Cannot reach the vault" onRetry=${start} /></main>`;
};

/** The forms that were open keep what was typed, so the browser asks before it closes the page. */
const Ended = ({ user }: { user: string }) => {
  const { keys, users, projects, trash, tokens } = modelsOf(user);
  useUnsaved([keys, users, projects, trash, tokens].some(({ isTyped }) => isTyped.value));
  return html`
    <${SignIn} notice="Your session has ended. Sign in to continue where you left off." username=${user} />
    <${ToastList} />
  `;
};

const SignedIn = ({ session: mine }: { session: Session }) => {
  if (mine.must_change_password) return html`<${NewPassword} onSignOut=${leave} /><${DiscardQuestion} />`;
  return html`<${Workplace} session=${mine} models=${modelsOf(mine.user)} /><${DiscardQuestion} />`;
};

const overlay = signal<'palette' | 'shortcuts' | null>(null);
const closeOverlay = () => {
  overlay.value = null;
};
const openPalette = () => {
  overlay.value = 'palette';
};

const tabs: Tab[] = [
  { page: 'keys', text: 'API Keys', icon: 'key' },
  { page: 'projects', text: 'Projects', icon: 'folder' },
  { page: 'trash', text: 'Trash', icon: 'trash' },
  { page: 'tokens', text: 'Tokens', icon: 'chip' },
  { page: 'logs', text: 'Access Logs', icon: 'log' },
  { page: 'users', text: 'Users', icon: 'users' },
  { page: 'account', text: 'Account', icon: 'user' },
  { page: 'about', text: 'About', icon: 'info' },
];

interface WorkplaceProps {
  session: Session;
  models: Models;
}

const Workplace = ({ session: mine, models: own }: WorkplaceProps) => {
  const isAdmin = mine.role === 'admin';
  const shown = tabs.filter(({ page }) => page !== 'users' || isAdmin);
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => onShortcut(event, shown, own);
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [own, isAdmin]);
  useLayoutEffect(() => importWhatIsDropped(own.keys, () => showsKeys(route.value) || go('keys')), [own]);
  useLayoutEffect(() => closeOverlay, []);
  useLayoutEffect(() => {
    void own.projects.list.load();
    // At once, so that a connection that is lost now takes nothing away.
    void fetchRest();
  }, [own]);
  const { page, item, query } = route.value;
  useLayoutEffect(() => own.keys.settle(), [own, page, item, query.key]);
  useCareCount(own.care, own.keys.list);
  useArrival(route.value, lazyPages[route.value.page]?.isHere() ?? true);
  const sideProjects = html`<${SideProjects} model=${own.projects} counts=${own.keys.counts.value} />`;
  return html`
    <${Shell} tabs=${shown} below=${{ keys: html`<${SideCare} model=${own.care} />`, projects: sideProjects }} session=${mine}
      notice=${html`<${CareNotice} model=${own.care} />`} onPalette=${openPalette} onSignOut=${leave}>
      ${(route.value.page === 'logs' || route.value.page === 'users') && html`<${ProxyNotice} />`}
      <${CurrentPage} session=${mine} models=${own} />
    <//>
    <${Overlay} models=${own} tabs=${shown} />
    <${ToastList} isElsewhere=${openDialogs.value > 0} />
  `;
};

const lazyPages: Partial<Record<Page, { isHere: () => boolean }>> = {
  projects: ProjectsPage,
  care: CarePage,
  trash: TrashPage,
  tokens: TokensPage,
  logs: LogsPage,
  users: UsersPage,
  account: AccountPage,
  about: AboutPage,
};

const CurrentPage = ({ session: mine, models: own }: WorkplaceProps) => {
  const isAdmin = mine.role === 'admin';
  const activity = (name: string) => html`<${KeyActivity} name=${name} isAdmin=${isAdmin} />`;
  switch (route.value.page) {
    case 'keys':
      return html`<${KeysPage} model=${own.keys} isAdmin=${isAdmin} activity=${activity} />`;
    case 'care':
      return html`<${CarePage} model=${own.care} keys=${own.keys} isAdmin=${isAdmin} />`;
    case 'projects':
      return html`<${ProjectsPage}
        model=${own.projects} me=${mine.user} isAdmin=${isAdmin} onKeysChange=${() => void own.keys.list.load()}
        keys=${html`<${ProjectKeys} model=${own.keys} isAdmin=${isAdmin} activity=${activity} />`} addKeys=${html`<${AddKeys} model=${own.keys} />`}
        overview=${(mayAdd: boolean) => html`<${Overview} project=${own.projects.chosen.value} keys=${own.keys} mayAdd=${mayAdd} /><${KeyDialogs} model=${own.keys} isAdmin=${isAdmin} />`}
        activity=${html`<${ProjectActivity} name=${own.projects.chosen.value} isAdmin=${isAdmin} />`}
      />`;
    case 'trash':
      return html`<${TrashPage} model=${own.trash} onRestored=${() => void own.keys.list.load()} />`;
    case 'tokens':
      return html`<${TokensPage}
        model=${own.tokens} me=${mine.user} isAdmin=${isAdmin} keys=${own.keys.list} projects=${own.projects.list}
      />`;
    case 'logs':
      return html`<${LogsPage} kept=${own.logs} isAdmin=${isAdmin} />`;
    case 'users':
      return html`<${UsersPage} model=${own.users} me=${mine.user} onOwnChange=${refresh} />`;
    case 'account':
      return html`<${AccountPage} model=${own.account} session=${mine} onChangePassword=${changePassword} onSignOut=${leave} />`;
    case 'about':
      return html`<${AboutPage} health=${own.health} isAdmin=${isAdmin} />`;
  }
};

const Overlay = ({ models: own, tabs: shown }: { models: Models; tabs: Tab[] }) => {
  switch (overlay.value) {
    case 'palette':
      return html`<${Commands} models=${own} tabs=${shown} />`;
    case 'shortcuts':
      return html`<${ShortcutDialog} title="Keyboard shortcuts" onClose=${closeOverlay} />`;
    case null:
      return null;
  }
};

const Commands = ({ models: own, tabs: shown }: { models: Models; tabs: Tab[] }) => {
  useLayoutEffect(() => {
    if (!own.keys.list.answer.value) void own.keys.list.load();
    const seesUsers = shown.some(({ page }) => page === 'users');
    if (seesUsers && !own.users.list.answer.value) void own.users.list.load();
  }, [own]);
  return html`<${Palette} find=${commandsFor(own, shown, leave)} onClose=${closeOverlay} />`;
};

/** A page that opens puts its name in the title, moves the focus to its heading, and starts at its top. */
const useArrival = ({ page, item }: Route, isHere: boolean) => {
  const key = nameIn(route.value);
  const place = page === 'projects' ? `${page}/${item}` : page;
  const before = useRef<string | null>(null);
  useLayoutEffect(() => {
    setTitle(
      key ||
        (page === 'projects' && item) ||
        (page === 'care' ? 'Needs care' : tabs.find((tab) => tab.page === page)?.text) ||
        '',
    );
    if (!isHere) return;
    if (before.current !== null && before.current !== place) {
      scrollTo(0, 0);
      // The page of a key takes the focus itself.
      if (key === '') document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
    }
    before.current = place;
  }, [place, key, isHere]);
};

/** `g` and then the first letter of a page go there, if the second one follows soon. */
const places: Record<string, Page> = { k: 'keys', p: 'projects', t: 'trash', l: 'logs', u: 'users', a: 'account' };
const chordMs = 1_000;
let chordBegan = Number.NEGATIVE_INFINITY;

const onShortcut = (event: KeyboardEvent, shown: readonly Tab[], own: Models) => {
  const { key, timeStamp } = event;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && key.toLowerCase() === 'k') {
    event.preventDefault();
    if (openDialogs.value === 0) openPalette();
    return;
  }
  if (isTyping(event) || openDialogs.value > 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const isChord = timeStamp - chordBegan < chordMs;
  chordBegan = key === 'g' ? timeStamp : Number.NEGATIVE_INFINITY;
  const page = isChord ? places[key] : undefined;
  if (page && shown.some((tab) => tab.page === page)) return go(page);
  if (event.defaultPrevented) return;
  if (key === 'Escape' && own.keys.chosen.value !== '') own.keys.closeKey();
  else if (key === '?') overlay.value = 'shortcuts';
  else if (key === '/') focusOn(event, 'main [data-search]');
  else if (key === 'n') focusOn(event, 'main [data-new]')?.click();
};

/** Moves the focus to what is found on the page, and keeps the key from typing into it. */
const focusOn = (event: KeyboardEvent, selector: string): HTMLElement | undefined => {
  const found = [...document.querySelectorAll<HTMLElement>(selector)].find((one) => one.checkVisibility());
  if (!found) return;
  event.preventDefault();
  found.focus();
  if (found instanceof HTMLInputElement) found.select();
  return found;
};
