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
  const reloadAfter = async (change: Promise<unknown>) => {
    await change;
    await list.load();
  };

  return {
    list,
    open,
    show: (next: Open | null) => {
      open.value = next;
    },
    add: (user: NewUser) => reloadAfter(api.addUser(user)),
    update: (id: number, change: UserChange) => reloadAfter(api.updateUser(id, change)),
    remove: (id: number) => reloadAfter(api.deleteUser(id)),
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
