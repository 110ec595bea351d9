/** The state of the users page: the accounts, and the open dialog. */
import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedUser, NewUser, UserChange } from '../api/wire.ts';

export type User = ListedUser;

export type Open = { kind: 'new' } | { kind: 'password' | 'delete' | 'step-down'; user: User };

export const usersModel = () => {
  const list = loaded(fetchAll);
  const open = signal<Open | null>(null);

  return {
    list,
    open,
    show: (next: Open | null) => {
      open.value = next;
    },
    add: async (user: NewUser) => {
      await api.addUser(user);
      await list.load();
    },
    update: async (id: number, change: UserChange) => {
      await api.updateUser(id, change);
      await list.load();
    },
    remove: async (id: number) => {
      await api.deleteUser(id);
      await list.load();
    },
  };
};

export type UsersModel = ReturnType<typeof usersModel>;

const fetchAll = async (): Promise<User[]> => {
  const found: User[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const { users, next } = await api.users(after);
    found.push(...users);
    after = next;
  }
  return found;
};
