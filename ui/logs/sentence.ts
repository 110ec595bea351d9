/** Turns log entries into sentences: who did what to what, and why it was refused. */
import { shown } from '../../core/text.ts';
import type { LogEntry } from '../api/wire.ts';
import type { IconName } from '../parts/icon.ts';

interface Wording {
  icon: IconName;
  /** Who did it, if the entry names no user. */
  who?: string;
  /** Follows the name if the action was allowed. The target, if any, comes after it. */
  did: string;
  /** Follows "tried to" if the action was refused. */
  tried: string;
  /** The same where a target follows. */
  triedWithTarget?: string;
  /** Entries of plain browsing, which are many and say little, are shown less prominently. */
  isRoutine?: true;
}

const operator = 'The operator of this machine';

const wordings: Record<string, Wording> = {
  login_success: { icon: 'enter', did: 'signed in', tried: 'sign in' },
  login_attempt: { icon: 'enter', did: 'signed in', tried: 'sign in', triedWithTarget: 'sign in as' },
  use_session: { icon: 'leave', did: 'used an ended session', tried: 'use an ended session' },
  too_many_requests: { icon: 'pulse', did: 'sent too many requests', tried: 'send too many requests' },
  logout: { icon: 'leave', did: 'signed out', tried: 'sign out' },
  view_session: { icon: 'enter', did: 'opened Keystore', tried: 'open Keystore', isRoutine: true },
  list_sessions: { icon: 'user', did: 'viewed their sessions', tried: 'view their sessions', isRoutine: true },
  revoke_session: { icon: 'leave', did: 'ended the session', tried: 'end the session' },
  change_password: { icon: 'lock', did: 'changed their password', tried: 'change their password' },
  list_keys: { icon: 'key', did: 'listed the keys', tried: 'list the keys', isRoutine: true },
  view_key: { icon: 'eye', did: 'viewed', tried: 'view' },
  add_key: { icon: 'plus', did: 'added the key', tried: 'add the key' },
  update_key: { icon: 'edit', did: 'changed', tried: 'change' },
  rename_key: { icon: 'edit', did: 'renamed', tried: 'rename' },
  delete_key: { icon: 'trash', did: 'deleted the key', tried: 'delete the key' },
  list_trash: { icon: 'trash', did: 'viewed the trash', tried: 'view the trash', isRoutine: true },
  restore_key: { icon: 'refresh', did: 'restored the key', tried: 'restore the key' },
  destroy_key: { icon: 'trash', did: 'destroyed the key', tried: 'destroy the key' },
  list_versions: { icon: 'key', did: 'listed the versions of', tried: 'list the versions of', isRoutine: true },
  restore_version: { icon: 'refresh', did: 'restored a version of', tried: 'restore a version of' },
  destroy_version: { icon: 'trash', did: 'erased a version of', tried: 'erase a version of' },
  list_logs: { icon: 'log', did: 'viewed the access logs', tried: 'view the access logs', isRoutine: true },
  view_activity: { icon: 'pulse', did: 'viewed the activity chart', tried: 'view the activity chart', isRoutine: true },
  export_logs: { icon: 'down', did: 'exported the log', tried: 'export the log' },
  view_readers: { icon: 'eye', did: 'asked who has seen', tried: 'ask who has seen', isRoutine: true },
  view_exposure: {
    icon: 'eye',
    did: 'asked for the keys known to',
    tried: 'ask for the keys known to',
    isRoutine: true,
  },
  mark_exposure: { icon: 'check', did: 'marked', tried: 'mark' },
  view_proof: {
    icon: 'lock',
    did: 'asked the log for its',
    tried: 'ask the log for proofs',
    triedWithTarget: 'ask the log for its',
    isRoutine: true,
  },
  verify_log: {
    icon: 'lock',
    did: 'verified the log:',
    tried: 'verify the log',
    triedWithTarget: 'verify the log:',
    isRoutine: true,
  },
  seal_log: {
    icon: 'lock',
    did: 'sealed the log with a new',
    tried: 'seal the log',
    triedWithTarget: 'seal the log with a new',
  },
  list_users: { icon: 'users', did: 'listed the users', tried: 'list the users', isRoutine: true },
  add_user: { icon: 'plus', did: 'added the user', tried: 'add the user' },
  update_user: { icon: 'users', did: 'changed the user', tried: 'change the user' },
  delete_user: { icon: 'trash', did: 'deleted the user', tried: 'delete the user' },
  list_user_sessions: { icon: 'user', did: 'viewed the sessions of', tried: 'view the sessions of', isRoutine: true },
  sign_out_user: { icon: 'leave', did: 'ended sessions of', tried: 'end sessions of' },
  transfer_key: { icon: 'key', did: 'handed over the key', tried: 'hand over the key' },
  list_projects: { icon: 'folder', did: 'listed the projects', tried: 'list the projects', isRoutine: true },
  view_project: { icon: 'folder', did: 'viewed the project', tried: 'view the project', isRoutine: true },
  add_project: { icon: 'plus', did: 'added the project', tried: 'add the project' },
  update_project: { icon: 'edit', did: 'changed the project', tried: 'change the project' },
  delete_project: { icon: 'trash', did: 'deleted the project', tried: 'delete the project' },
  set_member: { icon: 'users', did: 'set a member of the project', tried: 'set a member of the project' },
  remove_member: { icon: 'users', did: 'removed a member of the project', tried: 'remove a member of the project' },
  add_token: { icon: 'chip', did: 'made the token', tried: 'make the token' },
  list_tokens: { icon: 'chip', did: 'listed tokens', tried: 'list tokens', isRoutine: true },
  view_token: { icon: 'chip', did: 'looked at the token', tried: 'look at the token', isRoutine: true },
  revoke_token: { icon: 'chip', did: 'revoked the token', tried: 'revoke the token' },
  rotate_token: { icon: 'chip', did: 'rotated the token', tried: 'rotate the token' },
  end_token: { icon: 'chip', did: 'gave up the token', tried: 'give up the token' },
  add_child_token: { icon: 'chip', did: 'got the short-lived', tried: 'get the short-lived' },
  renew_child_token: { icon: 'chip', did: 'renewed the short-lived', tried: 'renew the short-lived', isRoutine: true },
  restore_vault: { icon: 'info', who: operator, did: 'restored the vault from', tried: 'restore the vault from' },
  reset_admin: { icon: 'lock', who: operator, did: 'reset the password of', tried: 'reset the password of' },
  archive_log: { icon: 'info', who: operator, did: 'archived the log entries', tried: 'archive the log entries' },
  expire_log: {
    icon: 'info',
    who: 'The vault',
    did: 'removed the expired log entries',
    tried: 'remove expired log entries',
  },
  seal_vault: {
    icon: 'lock',
    who: 'The vault',
    did: 'sealed its records as it found them:',
    tried: 'seal its records',
  },
};

/** How a value was read in the browser. */
const readings: Record<string, string> = { reveal: 'revealed', copy: 'copied' };

const reasons: Record<string, string> = {
  wrong_password: 'wrong password',
  unknown_name: 'no account has this name',
  inactive_account: 'the account is deactivated',
  throttled: 'too many failed attempts',
  role: 'admins only',
  not_owner: 'it belongs to another user',
  project_role: 'their role in the project does not allow it',
  token: 'no service token may do this',
  token_access: 'the access of the token does not allow it',
  token_scope: 'it is outside the scopes of the token',
  outside_scopes: 'the name is outside the scopes of the token',
  token_revoked: 'the token is revoked',
  token_rotated: 'the token has another secret by now',
  token_expired: 'the token has expired',
  token_address: 'the token may not be used from this address',
  token_of_inactive_account: 'the account of the token is deactivated',
  child_ended: 'the short-lived token has ended',
  child_access: 'its access would be more than that of what makes it',
  child_generations: 'there would be too many in a row',
  other_token: 'the number is that of another token',
  token_of_other: 'the token belongs to another user',
  token_ended: 'the token has ended',
  too_many_tokens: 'there were as many tokens as there may be',
  must_change_password: 'they must change their password first',
  bad_segment: 'a part of the name was empty or only dots',
  project_in_use: 'it still holds keys',
  keys_look_alike: 'names of other keys look as if they were in it',
  project_keys: 'the project had as many keys as it may have',
  project_bytes: 'the project had stored as much as it may',
  too_many_projects: 'they had made as many projects as they may',
  last_manager: 'this is the last active manager',
  no_user: 'no account has this name',
  no_member: 'they are not a member',
  no_heir: 'no other account has the name of the heir',
  name_taken: 'the name is already taken',
  repeated: 'the same request had been carried out before',
  key_of_other_request: 'another request had the same Idempotency-Key',
  revision: 'somebody had changed it meanwhile',
  changed_meanwhile: 'somebody had changed it meanwhile',
  no_version: 'there is no such version',
  no_event: 'there is no such entry',
  not_sealed: 'it is not sealed yet',
  current_version: 'it is the current version',
  unknown_key: 'its encryption key is missing',
  no_such_owner: 'no account has the name of the new owner',
  owner_of_project_key: 'keys of a project have no owner',
  no_project: 'there is no such project',
  project_trashed: 'the trash of the project was full',
  too_many_trashed: 'their trash was full',
  default_password: 'their password is a default one',
  name_held: 'the name belongs to others',
  session_ended: 'they had to sign in again',
  too_many_requests: 'more than one account may send in a minute',
  too_many_searches: 'too many searches were under way',
  too_many_lists: 'too many long lists were being sent',
  too_many_conflicts: 'they had tried too many names of others',
  too_many_keys: 'they had as many keys as they may have',
  too_many_bytes: 'the owner had stored as much as they may',
  no_space: 'the disk was nearly full',
  last_admin: 'this is the last active admin',
  own_account: 'not possible for their own account',
  password_is_name: 'the password was the user name',
};

const outcomes: Record<string, string> = {
  denied: 'not allowed',
  not_found: 'it does not exist',
  conflict: 'it already exists',
  invalid: 'the request was invalid',
  unauthenticated: 'not signed in',
  failed: 'it failed',
};

/** The outcomes that are about who somebody is or what they may do; the others are mistakes and failures. */
const refusals = ['denied', 'unauthenticated'];

/** `why` says why the action was refused, and is null if it was not. */
export const sentenceOf = (entry: LogEntry): Sentence => {
  const { action, success, target, outcome, reason, via = '' } = entry;
  const wording = known(wordings, action) ?? unknown(action);
  const isRefusal = !success && refusals.includes(outcome);
  return {
    icon: success ? wording.icon : isRefusal ? 'refuse' : 'alert',
    who: entry.user_name === null ? (wording.who ?? 'Someone') : shown(entry.user_name),
    by: byOf(entry),
    did: success
      ? (known(readings, via) ?? wording.did)
      : `tried to ${(target !== null && wording.triedWithTarget) || wording.tried}`,
    target: target === null ? null : shown(target),
    why: success ? null : because(outcome, reason),
    isRefusal,
    isRoutine: success && wording.isRoutine === true,
  };
};

/** The service token, or the child of it or of a sign-in, if it was done with one. */
const byOf = ({ token, child }: LogEntry) => [
  ...(token === null ? [] : [`token ${shown(token)}`]),
  ...(child ? [`child ${child}`] : []),
];

interface Sentence {
  icon: IconName;
  /** A name, or words for somebody without one. */
  who: string;
  /** What it was done with. */
  by: string[];
  did: string;
  target: string | null;
  why: string | null;
  isRefusal: boolean;
  isRoutine: boolean;
}

/** An entry that was imported from another vault may have an action that this version does not know. */
const unknown = (action: string): Wording => ({ icon: 'info', did: `did ${action}`, tried: `do ${action}` });

const because = (outcome: string, reason: string | null): string => {
  if (reason === null) return known(outcomes, outcome) ?? outcome;
  return known(reasons, reason) ?? reason.replaceAll('_', ' ');
};

const details: Record<string, string> = { owner_deleted: 'with the account of its owner' };

/** Before the name of who leaves, when a key was marked on their list. */
const notNeeded = /^not_needed(?=: )/;

/** At the end of what is said of events that have left the log (core/audit/removal.ts). */
const signature = /(?:^|; )signed \S{88}$/;

/** What an allowed action did beyond its target; null if there is no more to say. */
export const detailOf = ({ success, reason }: LogEntry): string | null =>
  success && reason !== null
    ? (known(details, reason) ?? (reason.replace(signature, '').replace(notNeeded, 'not needed') || null))
    : null;

/** Looks up own properties only: the log may contain any word, `constructor` too. */
const known = <Words>(words: Record<string, Words>, name: string): Words | undefined =>
  Object.hasOwn(words, name) ? words[name] : undefined;

/** The actions whose name contains `part`; the part itself if there is none. */
export const actionsWith = (part: string): string[] => {
  const names = Object.keys(wordings).filter((name) => name.includes(part.toLowerCase()));
  return names.length > 0 ? names : [part];
};

/** The choices of the action filter. A value matches every action whose name contains it. */
export const actionChoices = [
  { value: '', text: 'All actions' },
  { value: 'login', text: 'Sign-ins' },
  { value: '_key', text: 'Keys: any action' },
  { value: 'view_key', text: 'Keys: viewed' },
  { value: 'add_key', text: 'Keys: added' },
  { value: 'update_key', text: 'Keys: changed' },
  { value: 'delete_key', text: 'Keys: deleted' },
  { value: 'rename_key', text: 'Keys: renamed' },
  { value: 'version', text: 'Versions' },
  { value: '_project', text: 'Projects' },
  { value: '_member', text: 'Members' },
  { value: '_user', text: 'Users: any action' },
  { value: 'password', text: 'Passwords' },
  { value: 'session', text: 'Sessions' },
  { value: 'logout', text: 'Sign-outs' },
  { value: 'restore_vault', text: 'Restores' },
];
