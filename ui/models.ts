/** The state behind every page, for one user. It survives an expired session, but not a change of user. */
import { accountModel } from './account/model.ts';
import { api } from './api/client.ts';
import { loaded } from './api/loaded.ts';
import { keysModel } from './keys/model.ts';
import { logsModel } from './logs/model.ts';
import { usersModel } from './users/model.ts';

const modelsFor = (user: string) => ({
  user,
  keys: keysModel(user),
  logs: logsModel(),
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
