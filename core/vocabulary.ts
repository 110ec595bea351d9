/** The names of actions in the API and the access log: those of v0.6, and new ones for what v0.6 did not have. */

import type { Action } from './policy/policy.ts';

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

/** The name of an action on the wire. An unknown action, moved in from v0.6, keeps its name. */
export function wireAction(action: string, isAllowed: boolean): string {
  const names = (wireActions as Record<string, { allowed: string; refused: string } | undefined>)[action];
  return names?.[isAllowed ? 'allowed' : 'refused'] ?? action;
}

/** The kinds of event whose name on the wire contains `part`, in either case: `action:1` if allowed, `action:0` if not. */
export function kindsNamed(part: string): string[] {
  const wanted = part.toLowerCase();
  return Object.entries(wireActions).flatMap(([action, { allowed, refused }]) => [
    ...(allowed.includes(wanted) ? [`${action}:1`] : []),
    ...(refused.includes(wanted) ? [`${action}:0`] : []),
  ]);
}

/** The action that has this name on the wire, for logs that are moved in; an unknown name is returned as it is. */
export function actionOf(wireName: string): string {
  const found = Object.entries(wireActions).find(([, names]) => Object.values(names).includes(wireName));
  return found?.[0] ?? wireName;
}
