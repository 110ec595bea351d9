/** The session: who is signed in, and the ways in and out. */
import { signal } from '@preact/signals';
import { api, onSessionEnd, Problem } from '../api/client.ts';
import { allowEarly, dropEarly } from '../api/early.ts';
import { asProblem } from '../api/loaded.ts';
import { onNews, tellTabs } from '../api/tabs.ts';
import type { Session } from '../api/wire.ts';

/** `ended`: the session is over, but the user has not signed out, so that open work is kept. */
export type Phase = 'starting' | 'unreachable' | 'out' | 'ended' | 'in';

export const phase = signal<Phase>('starting');
export const session = signal<Session | null>(null);
export const startProblem = signal<Problem | null>(null);

let newestStart = 0;

/** Asks the vault who is signed in. While it is unreachable, the page goes on saying so. */
export const start = async (): Promise<void> => {
  newestStart += 1;
  const mine = newestStart;
  if (phase.value !== 'unreachable') phase.value = 'starting';
  try {
    const found = await api.session();
    if (mine === newestStart) enter(found);
  } catch (problem) {
    if (mine !== newestStart) return;
    if (problem instanceof Problem && problem.status === 401) {
      enter(null);
      return;
    }
    dropEarly();
    startProblem.value = asProblem(problem);
    phase.value = 'unreachable';
  }
};

const enter = (found: Session | null): void => {
  newestStart += 1;
  allowEarly(found?.must_change_password === false);
  session.value = found;
  phase.value = found ? 'in' : 'out';
};

/** Ignores the token in the answer: it is for programs. */
export const signIn = async (username: string, password: string): Promise<void> => {
  const { user, role, must_change_password } = await api.signIn(username, password);
  enter({ user, role, must_change_password });
  // Admins also learn what needs their attention. Without it they are signed in all the same.
  if (role === 'admin' && !must_change_password) void refresh().catch(() => {});
  tellTabs({ kind: 'session', user });
};

/** @throws Problem if the vault could not be reached; the session is then still valid. */
export const signOut = async (): Promise<void> => {
  try {
    await api.signOut();
  } catch (problem) {
    if (!(problem instanceof Problem && problem.status === 401)) throw problem;
  }
  enter(null);
  tellTabs({ kind: 'session', user: null });
};

export const changePassword = async (current: string, chosen: string): Promise<void> => {
  await api.changePassword(current, chosen);
  if (session.value) session.value = { ...session.value, must_change_password: false };
};

/** Reads the session again, after a change that may concern the user's own role. */
export const refresh = async (): Promise<void> => {
  const found = await api.session();
  if (phase.value === 'in') session.value = found;
};

onSessionEnd(() => {
  if (phase.value === 'in') phase.value = 'ended';
});

/** All tabs share the cookie. A tab must not continue as another user than the one it shows. */
onNews((news) => {
  if (news.kind !== 'session') return;
  const isMine = news.user === (session.value?.user ?? null);
  if (news.user !== null) {
    if (phase.value !== 'in' || !isMine) void start();
  } else if (phase.value !== 'ended') enter(null);
});
