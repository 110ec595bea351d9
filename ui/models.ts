/** The state behind every page, for one user. It survives an expired session, but not a change of user. */
import { accountModel } from './account/model.ts';
import { api } from './api/client.ts';
import { type Loaded, loaded } from './api/loaded.ts';
import { onNews, type Topic } from './api/tabs.ts';
import { careModel } from './care/model.ts';
import { keysModel } from './keys/model.ts';
import type { KeptLogs } from './logs/model.ts';
import { projectsModel } from './projects/model.ts';
import { tokensModel } from './tokens/model.ts';
import { trashModel } from './trash/model.ts';
import { usersModel } from './users/model.ts';

const modelsFor = (user: string) => ({
  user,
  keys: keysModel(user),
  care: careModel(),
  projects: projectsModel(),
  trash: trashModel(),
  tokens: tokensModel(),
  logs: {} as KeptLogs,
  users: usersModel(),
  account: accountModel(),
  health: loaded(api.health),
});
export type Models = ReturnType<typeof modelsFor>;

let models: Models | null = null;

export const modelsOf = (user: string): Models => {
  if (models?.user !== user) models = modelsFor(user);
  return models;
};

export const forgetModels = (): void => {
  models = null;
};

/** The lists that may have changed when another tab changed something. Deleting a user deletes keys. */
const listsAbout: Record<Topic, (own: Models) => Loaded<unknown>[]> = {
  keys: ({ keys, projects, trash, care }) => [keys.list, projects.list, trash.list, care.list],
  projects: ({ keys, projects }) => [keys.list, projects.list, projects.project],
  trash: ({ keys, projects, trash, care }) => [keys.list, projects.list, trash.list, care.list],
  tokens: ({ tokens }) => [tokens.list],
  users: ({ users, keys, care }) => [users.list, keys.list, care.list],
  auth: ({ account }) => [account.sessions],
};

/** Several changes in a row make one fetch. */
const gatherMs = 150;
const stale = new Set<Loaded<unknown>>();
let gathering: ReturnType<typeof setTimeout> | undefined;

/** Each fetch adds an entry to the log, so lists that were never shown, and pages that nobody looks at, wait. */
const refreshStale = (): void => {
  if (document.hidden) return;
  for (const list of stale) void list.load();
  stale.clear();
};

/** Keeps the lists in step with what the other tabs of this browser change. */
export const followOtherTabs = (onOwnAccount: () => void): void => {
  onNews((news) => {
    if (news.kind !== 'changed' || !models) return;
    for (const list of listsAbout[news.topic](models))
      if (list.answer.value !== null || list.error.value) stale.add(list);
    clearTimeout(gathering);
    gathering = setTimeout(refreshStale, gatherMs);
    if (news.topic !== 'keys') onOwnAccount();
  });
  document.addEventListener('visibilitychange', refreshStale);
};
