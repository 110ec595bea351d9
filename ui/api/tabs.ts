/** Tells the other tabs of this vault what happened in this one. Messages say what, never a value or anything secret. */

/** What a change was about: the first part of its path in the API. */
const topics = ['keys', 'projects', 'trash', 'tokens', 'users', 'auth'] as const;
export type Topic = (typeof topics)[number];

/** Who is signed in from now on (null: nobody), or what was changed. */
export type News = { kind: 'session'; user: string | null } | { kind: 'changed'; topic: Topic };

/** Two vaults may share a host name, each under a path of its own. */
const channel =
  globalThis.document && 'BroadcastChannel' in globalThis
    ? new BroadcastChannel(`keystore ${new URL('.', location.href).pathname}`)
    : null;

export const tellTabs = (news: News): void => channel?.postMessage(news);

export const onNews = (handler: (news: News) => void): void =>
  channel?.addEventListener('message', ({ data }: MessageEvent<News>) => handler(data));

/** Tells the other tabs what a request has changed. Signing in and out are told by whoever does it, with the user's name. */
export const tellOfChange = (method: string, path: string): void => {
  const topic = topics.find((known) => path.split('/')[1] === known);
  const isSession = path === '/auth/login' || path === '/auth/logout';
  if (method !== 'GET' && topic !== undefined && !isSession) tellTabs({ kind: 'changed', topic });
};
