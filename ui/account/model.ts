import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedSession } from '../api/wire.ts';

/** One's own sessions. The password is the session's business, the theme the browser's. */

export const accountModel = () => {
  const sessions = loaded(async () => (await api.sessions()).sessions);
  const ending = signal<ListedSession | null>(null);
  return {
    sessions,
    ending,
    revoke: async (id: string) => {
      await api.revokeSession(id);
      await sessions.load();
    },
  };
};

export type AccountModel = ReturnType<typeof accountModel>;
