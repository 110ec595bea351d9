import type { Action } from './policy/policy.ts';

/** The names that v0.6 gave to actions, which its clients and its people know, and ours for what it had not. */
const wireActions: Record<Action, { allowed: string; refused: string }> = {
  'session.create': { allowed: 'login_success', refused: 'login_attempt' },
  'session.end': same('logout'),
  'session.read': same('view_session'),
  'session.list': same('list_sessions'),
  'session.revoke': same('revoke_session'),
  'password.change': same('change_password'),
  'secret.list': same('list_keys'),
  'secret.read': same('view_key'),
  'secret.create': same('add_key'),
  'secret.update': same('update_key'),
  'secret.delete': same('delete_key'),
  'event.list': same('list_logs'),
  'event.count': same('view_activity'),
  'user.list': same('list_users'),
  'user.create': same('add_user'),
  'user.update': same('update_user'),
  'user.delete': same('delete_user'),
};

function same(name: string) {
  return { allowed: name, refused: name };
}

/** What the log calls an action. One that this version does not know, moved in from elsewhere, keeps its name. */
export const wireAction = (action: string, isAllowed: boolean): string =>
  (wireActions as Record<string, { allowed: string; refused: string } | undefined>)[action]?.[
    isAllowed ? 'allowed' : 'refused'
  ] ?? action;

/** The kinds of event (see `EventFilter`) whose wire name contains `part`, in either case. */
export const kindsNamed = (part: string): string[] =>
  Object.entries(wireActions).flatMap(([action, { allowed, refused }]) => [
    ...(contains(allowed, part) ? [`${action}:1`] : []),
    ...(contains(refused, part) ? [`${action}:0`] : []),
  ]);

const contains = (name: string, part: string) => name.includes(part.toLowerCase());

/** From a name of v0.6 back to the action, for logs that move in. */
export const actionOf = (wireName: string): string =>
  Object.entries(wireActions).find(([, { allowed, refused }]) => wireName === allowed || wireName === refused)?.[0] ??
  wireName;
