/** The session: who is signed in, and the ways in and out. */
import { signal } from '@preact/signals';
import { api, onSessionEnd, Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';
import type { Session } from '../api/wire.ts';
import { reloadAnyway } from '../parts/unsaved.ts';

/** `ended`: the session is over, but the user has not signed out, so that open work is kept. */
export type Phase = 'starting' | 'unreachable' | 'out' | 'ended' | 'in';

export const phase = signal<Phase>('starting');
export const session = signal<Session | null>(null);
export const startProblem = signal<Problem | null>(null);

export const start = async (): Promise<void> => {
  phase.value = 'starting';
  try {
    enter(await api.session());
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) {
      phase.value = 'out';
      return;
    }
    startProblem.value = asProblem(problem);
    phase.value = 'unreachable';
  }
};

const enter = (found: Session | null): void => {
  session.value = found;
  phase.value = found ? 'in' : 'out';
};

/** Ignores the token in the answer: it is for programs. */
export const signIn = async (username: string, password: string): Promise<void> => {
  const { user, role, must_change_password } = await api.signIn(username, password);
  enter({ user, role, must_change_password });
  tellOtherTabs(user);
};

/** @throws Problem if the vault could not be reached; the session is then still valid. */
export const signOut = async (): Promise<void> => {
  try {
    await api.signOut();
  } catch (problem) {
    if (!(problem instanceof Problem && problem.status === 401)) throw problem;
  }
  enter(null);
  tellOtherTabs(null);
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
const tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('keystore-session') : null;

const tellOtherTabs = (user: string | null) => tabs?.postMessage(user);

tabs?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  const mine = session.value?.user ?? null;
  if (phase.value === 'ended' && data === mine) void start();
  else if (phase.value === 'in' ? data !== mine : data !== null) reloadAnyway();
});
