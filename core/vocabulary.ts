/** The names of actions in the API and the access log: those of v0.6, and new ones for what v0.6 did not have. */

import type { Action } from './policy/policy.ts';

/** By action; the most frequent ones first, since SQL compares one after the other. */
export const wireActions: Record<Action, readonly [allowed: string, refused?: string]> = {
  'secret.read': ['view_key'],
  'secret.list': ['list_keys'],
  'secret.create': ['add_key'],
  'secret.update': ['update_key'],
  'secret.delete': ['delete_key'],
  'secret.rename': ['rename_key'],
  'secret.transfer': ['transfer_key'],
  'secret.restore': ['restore_key'],
  'secret.destroy': ['destroy_key'],
  'version.list': ['list_versions'],
  'version.restore': ['restore_version'],
  'version.destroy': ['destroy_version'],
  'trash.list': ['list_trash'],
  'project.list': ['list_projects'],
  'project.read': ['view_project'],
  'project.create': ['add_project'],
  'project.update': ['update_project'],
  'project.delete': ['delete_project'],
  'member.set': ['set_member'],
  'member.remove': ['remove_member'],
  'token.list': ['list_tokens'],
  'token.read': ['view_token'],
  'token.create': ['add_token'],
  'token.revoke': ['revoke_token'],
  'token.rotate': ['rotate_token'],
  'token.end': ['end_token'],
  'child.create': ['add_child_token'],
  'child.renew': ['renew_child_token'],
  'session.create': ['login_success', 'login_attempt'],
  'session.use': ['use_session'],
  'request.send': ['too_many_requests'],
  'session.end': ['logout'],
  'session.read': ['view_session'],
  'session.list': ['list_sessions'],
  'session.revoke': ['revoke_session'],
  'password.change': ['change_password'],
  'event.list': ['list_logs'],
  'event.count': ['view_activity'],
  'event.export': ['export_logs'],
  'event.readers': ['view_readers'],
  'event.exposure': ['view_exposure'],
  'event.mark': ['mark_exposure'],
  'event.prove': ['view_proof'],
  'event.verify': ['verify_log'],
  'event.seal': ['seal_log'],
  'user.list': ['list_users'],
  'user.create': ['add_user'],
  'user.update': ['update_user'],
  'user.delete': ['delete_user'],
  'user.sessions': ['list_user_sessions'],
  'user.sign_out': ['sign_out_user'],
  'vault.restore': ['restore_vault'],
  'admin.reset': ['reset_admin'],
  'log.archive': ['archive_log'],
  'log.expire': ['expire_log'],
  'vault.seal': ['seal_vault'],
};

/** The name of an action on the wire. An unknown action, moved in from v0.6, keeps its name. */
export function wireAction(action: string, isAllowed: boolean): string {
  const [allowed, refused = allowed] = Object.entries(wireActions).find(([name]) => name === action)?.[1] ?? [action];
  return isAllowed ? allowed : refused;
}

/** How a filter of the log compares texts. `contains` takes ASCII letters in either case; the others are exact. */
export const textMatches = ['contains', 'exact', 'prefix'] as const;
export type TextMatch = (typeof textMatches)[number];

/** The kinds of event whose name on the wire matches `part`: `action:1` if allowed, `action:0` if not. */
export function kindsNamed(part: string, match: TextMatch = 'contains'): string[] {
  const wanted = part.toLowerCase();
  const matches = {
    contains: (name: string) => name.includes(wanted),
    exact: (name: string) => name === part,
    prefix: (name: string) => name.startsWith(part),
  }[match];
  return Object.entries(wireActions).flatMap(([action, [allowed, refused = allowed]]) => [
    ...(matches(allowed) ? [`${action}:1`] : []),
    ...(matches(refused) ? [`${action}:0`] : []),
  ]);
}

/** The action that has this name on the wire, for logs that are moved in; an unknown name is returned as it is. */
export function actionOf(wireName: string): string {
  const found = Object.entries(wireActions).find(([, names]) => names.includes(wireName));
  return found?.[0] ?? wireName;
}
