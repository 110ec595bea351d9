/** The state of the account page: the user's own sessions. */
import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedSession } from '../api/wire.ts';

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
