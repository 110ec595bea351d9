/** From an outcome to status and body: the one place where a result gets its status and a refusal its words. */
import { fullRetrySeconds, passwordThrottles } from '../../core/limits.ts';
import type { Refusal } from '../operations/refusal.ts';
import type { ListText } from './list-text.ts';

export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 503;

export interface Reply {
  status: 200 | 201 | ErrorStatus;
  body: unknown;
  headers?: Record<string, string>;
  /** Values of Set-Cookie. */
  cookies?: readonly string[];
  /** A long answer: worth compressing. */
  isList?: true;
  /** In place of a body: a list that the database has written. */
  text?: ListText;
  /** In place of a body: text of any length, made while it is sent. */
  stream?: StreamedText;
  /** In place of a body: what is not JSON. */
  plain?: Plain;
}

export interface Plain {
  type: string;
  content: string | Uint8Array;
}

interface StreamedText {
  type: string;
  pieces: AsyncGenerator<string, void>;
}

/** Makes the reply to a result whose JSON has a shape of `json.ts`. */
const success =
  (fields: Omit<Reply, 'body'>) =>
  <Result>(json: (result: Result) => unknown) =>
  (result: Result): Reply => ({ ...fields, body: json(result) });

export const ok = success({ status: 200 });
export const created = success({ status: 201 });
export const list = success({ status: 200, isList: true });

/** Makes the reply to a result that is a list in the form of text. */
export const listText =
  <Result>(text: (result: Result) => ListText) =>
  (result: Result): Reply => ({ status: 200, body: null, isList: true, text: text(result) });

/** Makes the reply to a result that is not answered as JSON. */
export const plain =
  <Result>(made: (result: Result) => Plain) =>
  (result: Result): Reply => ({ status: 200, body: null, plain: made(result) });

/** For an operation without a result. */
export const done =
  (message: string, status: 200 | 201 = 200) =>
  (): Reply => ({ status, body: { message } });

/** An error as clients read it: `error` says what is wrong and what to do. */
export const failed = (status: ErrorStatus, error: string, headers?: Record<string, string>): Reply => ({
  status,
  body: { error },
  ...(headers && { headers }),
});

export const noSuchRoute = failed(404, 'There is no such route. See docs/API.md for the routes.');

/** RFC 9110, section 15.5.6: the header names what the path does accept. */
export const noSuchMethod = (methods: string[]): Reply =>
  failed(405, `This path accepts ${methods.join(', ')}.`, { Allow: methods.join(', ') });

export const signInAgain = () =>
  failed(401, 'Sign in: this needs a valid token. POST /auth/login gives one.', { 'WWW-Authenticate': 'Bearer' });

/**
 * A cookie from a page of another origin, or from the vault's own page behind a proxy that rewrites Host. Only the person who
 * set up the proxy can tell them apart, so the reply names both origins.
 */
export const otherOrigin = ({ page, own }: { page: string | null; own: string }): Reply =>
  failed(
    403,
    `This request comes from a page of ${page ?? 'another origin'}, but the vault was asked as ${own}, so its cookie does not count. If both are this vault, a proxy rewrites the address: let it pass on the Host header (nginx: proxy_set_header Host $http_host), or send X-Forwarded-Host, and name the proxy in TRUSTED_PROXIES.`,
  );

/** The reply to a refusal. It is the same for another user's secret and for a missing one: only the log tells them apart. */
export const refused = (refusal: Refusal): Reply => {
  const { action, outcome, reason } = refusal;
  switch (outcome) {
    case 'unauthenticated':
      return action === 'session.create' ? failed(401, 'The user name or the password is not right.') : signInAgain();
    case 'denied':
      return denied(refusal);
    case 'not_found':
      return notFound(action, reason);
    case 'conflict':
      if (reason === 'revision') return failed(412, otherRevision);
      if (reason === 'key_of_other_request') return failed(422, keyOfOtherRequest);
      if (/^event\./.test(action)) return failed(409, logConflict(reason ?? ''));
      return failed(409, otherConflicts[reason ?? ''] ?? conflicts[action] ?? nameTaken);
    case 'invalid':
      return failed(400, invalid[reason ?? ''] ?? reason ?? 'The request is invalid.');
    case 'failed':
      if (reason === 'no_space') return noSpace;
      if (reason === 'unknown_key') return failed(500, keyIsMissing(action));
      return failed(500, 'The request failed. The access log says why.');
  }
};

const logConflict = (reason: string): string => {
  const [word, kind, id] = reason.split(' ');
  if (word === 'not_sealed')
    return 'This part of the log is not sealed yet. That happens within a minute, or at once with POST /logs/checkpoint.';
  if (word === 'too_long')
    return 'One of these events is longer than a bundle of entries can say. Read its leaf with GET /logs/proof/ and its number.';
  if (word === 'no_log_key')
    return `The key that signs the log is sealed with an encryption key that the vault does not have${kind ? `: ${kind}` : ''}, or was changed. Put the encryption key back into RETIRED_ENCRYPTION_KEYS, or restore a backup.`;
  const where = id === undefined ? 'its tree or its signature' : `event ${id} (${kind})`;
  return `The log in the database is not what was sealed: ${where}. Nothing more is signed. HelperScripts/verify-audit.sh and GET /logs/verify say more; docs/AUDIT.md says what to do.`;
};

const noSpace = failed(
  503,
  'The disk of the vault is nearly full, so it stores nothing new. Nothing was changed. Reading and deleting work. Free some space, then try again.',
  { 'Retry-After': '60' },
);

const nameTaken =
  'A key of that name, or of one that looks like it, exists already. Choose another name, or change the existing key.';
const otherRevision =
  'The key has changed since: it has another revision than If-Match asks for. Read the key again, then repeat the change.';
const keyOfOtherRequest =
  'Another request had this Idempotency-Key in the last 24 hours. Nothing was changed. Send this request with a key of its own.';
const otherConflicts: Record<string, string> = {
  changed: 'The key got another value at the same moment. Nothing was changed. Try again.',
  token_ended: 'The token is revoked or has expired, so it cannot get another secret. Make a new one.',
  keys_look_alike:
    'There are keys whose names look as if they belonged to a project of that name, but differ in invisible ways, such as the width of a letter. Rename those keys first, or choose another name.',
  current_version: 'This is the current version. Store or restore another value first, then destroy this one.',
};
const keyIsMissing = (action: Refusal['action']) =>
  action === 'version.restore'
    ? 'This version is sealed with an encryption key that the vault does not have, so it cannot be restored: nobody could read it. Restore another version, or ask an admin to put the encryption key back.'
    : 'A value of this key is sealed with an encryption key that the vault does not have, so the key cannot get another name. Ask an admin to put the encryption key back.';
const conflicts: Partial<Record<Refusal['action'], string>> = {
  'user.create': 'A user of that name, or of one that looks like it, exists already.',
  'project.create':
    'A project of that name, or of one that looks like it, exists already, or keys of others have names that begin like it. Choose another name. An admin can move such keys in with "adopt": true.',
  'project.delete':
    'The project still holds keys, in use or in the trash. Move or delete its keys and empty its trash, then delete it.',
};

const invalid: Record<string, string> = {
  from_after_to: 'from must not be greater than to.',
  last_admin: 'This is the last active admin. Make another user an admin first.',
  last_manager: 'This is the last active manager of the project. Make another member a manager first, or ask an admin.',
  no_heir: 'transfer_to names no other user. Write the exact name of the user who gets the keys.',
  own_account: 'You cannot delete your own account. Ask another admin to delete it.',
  password_is_name: 'The password must not be the user name.',
  owner_of_project_key: 'A key of a project belongs to the project and has no owner. Leave out owner.',
  no_such_owner: 'owner names no user. Write the exact name of the user who gets the key.',
  bad_segment: 'In a project, no part of a key name between slashes may be empty, "." or "..". Choose another name.',
  child_access:
    'child policies must be subset of parent: the access of a new token is at most that of the one that makes it.',
  child_generations: 'Tokens that were made by tokens may go on making tokens a few times only. Use the first one.',
  audit_of_project: 'A token with the access "audit" is a person\'s own. Leave out project.',
  renaming: 'A user cannot be renamed. Leave out username, or add a user with the new name and delete this one.',
};

const denied = ({ action, reason, retryAfterSeconds }: Refusal): Reply => {
  switch (reason) {
    case 'too_many_requests':
    case 'too_many_searches':
    case 'too_many_lists':
    case 'too_many_conflicts':
    case 'too_many_keys':
    case 'too_many_bytes':
    case 'too_many_projects':
    case 'too_many_trashed':
    case 'too_many_tokens':
    case 'project_keys':
    case 'project_bytes':
    case 'project_trashed':
    case 'no_room_keys':
    case 'no_room_bytes':
      return failed(429, overLimit[reason], { 'Retry-After': String(retryAfterSeconds ?? fullRetrySeconds) });
    case 'throttled':
      return failed(429, 'Too many failed attempts. Wait before you try again.', {
        'Retry-After': String(retryAfterSeconds ?? passwordThrottles.account.firstWaitMs / 1000),
      });
    case 'too_many_sign_ins':
      return failed(429, 'Too many sign-ins. Wait, or go on using the token of an earlier one.', {
        'Retry-After': String(retryAfterSeconds ?? 1),
      });
    case 'too_many_changes':
      return failed(429, 'Too many changes of the password. Wait before you try again.', {
        'Retry-After': String(retryAfterSeconds ?? 1),
      });
    case 'wrong_password':
      return failed(403, 'The current password is not right.');
    case 'default_password':
      return failed(
        403,
        'This account still has its default password, which everybody knows, and other machines can reach this vault. Set a new password first: POST /auth/password with current_password and new_password.',
      );
    case 'not_owner':
    case 'token_scope':
      return notFound(action, null);
    case 'outside_scopes':
      return failed(404, outsideScopes);
    case 'token':
    case 'token_access':
    case 'token_of_other':
    case 'must_change_password':
      return failed(403, aboutTokens[reason]);
    case 'project_role':
      return failed(403, 'Your role in the project does not allow this. Ask a manager of the project.');
    default:
      return failed(403, 'Only an admin may do this.');
  }
};

const outsideScopes =
  'This name is outside the scopes of the token. Choose a name within them, or use a token that reaches it.';

const aboutTokens = {
  token: 'A service token cannot do this: it is for keys only. Sign in as a person.',
  token_access:
    'The access of this token does not allow this. Changing keys takes "write"; destroying them and taking them out of a project takes "manage". The log of all, and proofs of it, take "audit", which reads nothing else.',
  token_of_other: 'This token belongs to somebody else, who alone may rotate it. You can revoke it.',
  must_change_password: 'Change your password first: POST /auth/password with current_password and new_password.',
};

const overLimit = {
  too_many_requests: 'Your account has sent too many requests in this minute. Wait for the next one.',
  too_many_searches: 'Too many searches of the log are under way. Wait a moment, then try again.',
  too_many_lists: 'Too many long lists are being sent. Read those that you have asked for, then try again.',
  too_many_conflicts: 'Too many of your new names were taken by other users. Wait before you add another key.',
  too_many_keys:
    'Your account has as many keys as it may have. Delete some, or ask the operator to raise MAX_KEYS_PER_USER.',
  too_many_projects: 'Your account has made as many projects as it may. Delete one first.',
  too_many_tokens: 'There are as many tokens as there may be of one person or project. Revoke one first.',
  too_many_trashed:
    'Your trash holds as many keys as it may. Destroy some of them, then add new ones. The operator can raise MAX_KEYS_PER_USER.',
  project_trashed:
    'The trash of the project holds as many keys as it may. Destroy some of them, then add new ones. The operator can raise MAX_KEYS_PER_USER.',
  no_room_keys:
    'Where the key is going there are as many keys as there may be. Delete some there, or ask the operator to raise MAX_KEYS_PER_USER.',
  no_room_bytes:
    'The key and its versions do not fit where it is going. Destroy keys or versions there, or ask the operator to raise MAX_MEGABYTES_PER_USER.',
  project_keys:
    'The project has as many keys as it may have. Delete some, or ask the operator to raise MAX_KEYS_PER_USER.',
  project_bytes:
    'The project has stored as much as it may. Destroy keys or earlier versions of them, or ask the operator to raise MAX_MEGABYTES_PER_USER.',
  too_many_bytes:
    'The account has stored as much as it may. Destroy keys in the trash, or earlier versions of keys, or ask the operator to raise MAX_MEGABYTES_PER_USER.',
};

const notFound = (action: Refusal['action'], reason: string | null): Reply => {
  if (reason === 'name_held') return failed(404, notMember);
  if (reason === 'no_version') return failed(404, noVersion);
  if (reason === 'archived') return failed(404, archivedEntries);
  if (action === 'event.readers') return failed(404, 'There is no such key, or it is not yours.');
  if (action === 'event.exposure') return failed(404, 'There is no such user, and the log knows none.');
  if (action === 'event.mark') return failed(404, 'The log does not say that this user has read such a key.');
  if (action === 'event.prove') return failed(404, reason === 'no_event' ? noEvent : noTile);
  if (action === 'secret.destroy' || action === 'secret.restore') return failed(404, notInTrash);
  if (/^(?:secret|version)\./.test(action)) return failed(404, 'There is no such key, or it is not yours.');
  if (reason === 'no_member') return failed(404, 'There is no such member of the project.');
  if (reason === 'no_user') return failed(404, 'There is no such user.');
  if (/^(?:project|member)\./.test(action) || action === 'token.create')
    return failed(404, 'There is no such project, or you are not a member of it.');
  if (action.startsWith('token.')) return failed(404, 'There is no such token, or it is not yours.');
  if (reason === 'no_session') return failed(404, 'The user has no such session.');
  if (action.startsWith('user.')) return failed(404, 'There is no such user.');
  return failed(404, 'There is no such session.');
};

const noEvent = 'The log has no event of that number.';
const noTile = 'The sealed part of the log does not reach so far. GET /logs/checkpoint says how long it is.';
const archivedEntries =
  'These events have left the log: they are in an archive file, or were older than LOG_RETENTION_DAYS. Their hashes are still in the tiles.';
const noVersion = 'The key has no such version, or its value was destroyed. Ask for its versions to see which it has.';
const notInTrash = 'There is no such key in the trash, or it is not yours.';
const notMember =
  'Names that begin like this are for the members of a project, and you are not one of them. Choose another name, or ask a manager of the project.';
