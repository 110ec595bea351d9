/** The state of the users page: the accounts, and the open dialog. */
import { computed, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { ListedUser, NewUser, Role, UserChange } from '../api/wire.ts';
import { setQuery } from '../shell/router.ts';

export type User = ListedUser;

export type Open =
  | { kind: 'new' }
  | { kind: 'password' | 'delete' | 'sessions'; user: User }
  | { kind: 'role'; user: User; role: Role };

const emptyDraft: NewUser = { username: '', password: '', role: 'user', must_change_password: true };

export const usersModel = () => {
  const list = loaded(fetchAll);
  const open = signal<Open | null>(null);
  /** The contents of the open form. They survive the page, so that nothing typed is lost when the session ends. */
  const draft = signal<NewUser>(emptyDraft);
  const arrived = signal<string | null>(null);
  /** Whether the open form holds something that is not saved. */
  const isTyped = computed(() => open.value !== null && draft.value.username + draft.value.password !== '');
  const reloadAfter = async (change: Promise<unknown>) => {
    await change;
    await list.load();
  };

  return {
    list,
    open,
    draft,
    isTyped,
    /** The name of the user whose row gets the focus as soon as it is shown. */
    arrived,
    show: (next: Open | null) => {
      draft.value = emptyDraft;
      open.value = next;
    },
    edit: (fields: Partial<NewUser>) => {
      draft.value = { ...draft.value, ...fields };
    },
    /** The search may have hidden them. */
    add: async (user: NewUser) => {
      await reloadAfter(api.addUser(user));
      setQuery({ q: '' });
    },
    update: (id: number, change: UserChange) => reloadAfter(api.updateUser(id, change)),
    /** `heir` gets the user's personal keys; without one they go to the trash. */
    remove: (id: number, heir: string) => reloadAfter(api.deleteUser(id, heir)),
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
