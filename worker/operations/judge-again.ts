/**
 * Decides again, from rows whose seals hold, what SQL has decided. The database says what its rows are, and whoever can write the file may
 * have put a view or a trigger between them and the verdict: one that shows something else to the one than to the other.
 */
import type { Principal as Actor, Caller } from '../../core/caller.ts';
import { utf8 } from '../../core/crypto/encoding.ts';
import {
  type Access,
  type Action,
  allOfAuditor,
  allowedWithDefaultPassword,
  childPolicyOf,
  type GovernedAction,
  ownOfToken,
  type ProjectAction,
  policy,
  projectPolicy,
  projectRoleOf,
  type Reach,
  tokenPolicy,
} from '../../core/policy/policy.ts';
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import type { Grounds } from '../store/relied.ts';
import type { Values } from '../store/statement.ts';

/** What the rows of a principal say. */
export interface Principal {
  id: number;
  name: Cell;
  role: Cell;
  row: SealedRow;
  access: Access | null;
  /** Of a service token. */
  token: { id: Cell; project: Cell; ranges: [low: string, high: string][] } | null;
}

export const isThere = (row: SealedRow | undefined): row is SealedRow => row !== undefined && row[1][0] !== null;

const allows = (table: Record<string, Record<string, boolean>>, action: string, key: Cell): boolean =>
  Object.hasOwn(table, action) && table[action]?.[String(key)] === true;

/** Who it is, by an account alone or with its session; null if the rows do not say that it may ask for anything. */
const personOf = (
  [user, session]: readonly SealedRow[],
  isByName: boolean,
  { sessionId }: Caller,
): Principal | null => {
  if (!isThere(user) || (!isByName && session?.[1][0] !== sessionId)) return null;
  const [id, name, role = null, isActive] = user[2];
  if (isActive !== 1 || (session && session[2][0] !== id)) return null;
  const access = (session?.[2][1] ?? null) as Access | null;
  return { id: Number(id), name: name ?? null, role, row: user, access, token: null };
};

const bytesBefore = (a: string, b: string): boolean => {
  const [left, right] = [utf8(a), utf8(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? left.length < right.length : (left[at] as number) < (right[at] ?? -1);
};

/** Whether one of the ranges holds a text, in the order of its UTF-8 bytes, as SQLite compares. */
const isWithin = (ranges: readonly [string, string][], text: string): boolean =>
  text.isWellFormed() && ranges.some(([low, high]) => !bytesBefore(text, low) && bytesBefore(text, high));

const isAllowedAddress = (allowed: Cell, address: string | null | undefined): boolean =>
  allowed === null ||
  (JSON.parse(String(allowed)) as [string, string, string][]).some(
    ([, low, high]) => typeof address === 'string' && low <= address && address <= high,
  );

const tokenOf = (
  [held, token, user, project]: readonly SealedRow[],
  { now, sortedAddress, tokenHash }: Caller,
): Principal | null => {
  if (!isThere(held) || held[1][0] !== tokenHash || !isThere(token)) return null;
  const [, tokenId, , childAccess] = held[2];
  const [id = null, , userId = null, projectId = null, ownAccess, , addresses = null, expiresAt = null, ranges] =
    token[2];
  if (tokenId !== id || (userId === null) === (projectId === null)) return null;
  if (expiresAt !== null && Number(expiresAt) <= now) return null;
  if (!isAllowedAddress(addresses, sortedAddress)) return null;
  const access = (ownAccess === 'audit' ? ownAccess : (childAccess ?? ownAccess)) as Access;
  const its = { id, project: projectId, ranges: JSON.parse(String(ranges)) as [string, string][] };
  if (userId === null) {
    if (!isThere(project) || project[2][0] !== projectId) return null;
    return { id: -Number(projectId), name: project[2][1] ?? null, role: 'user', row: token, access, token: its };
  }
  if (!isThere(user) || user[2][0] !== userId || user[2][3] !== 1) return null;
  return { id: Number(userId), name: user[2][1] ?? null, role: user[2][2] ?? null, row: token, access, token: its };
};

export const principalIn = (rows: readonly SealedRow[], isByName: boolean, caller: Caller): Principal | null => {
  try {
    return rows[0]?.[0] === 'token_secrets' ? tokenOf(rows, caller) : personOf(rows, isByName, caller);
  } catch {
    // Cells that are no JSON grant nothing.
    return null;
  }
};

/** Whether the password was compared with what the row of the account says, where one was. */
export const isComparedWith = (action: Action, row: SealedRow, { verifier }: Values<string>): boolean =>
  !comparing.includes(action) || row[0] !== 'users' || row[2][verifierAt] === (verifier ?? null);

const comparing: readonly Action[] = ['session.create', 'password.change'];
/** In what the seal of an account covers. */
const verifierAt = 6;

/** Whether the event of a verdict names the principal as its rows do. */
export const isActor = (who: Principal | null, { id, name, role }: Actor): boolean =>
  who !== null && who.id === id && who.name === name && who.role === role;

const reachOf = (action: GovernedAction, { role, token, access }: Principal): Reach => {
  const reach = (policy[action] as Record<string, Reach>)[String(role)] ?? 'none';
  if (!token || !ownOfToken.includes(action)) return reach;
  return allOfAuditor.includes(action) && access === 'audit' ? reach : 'own';
};

/** Whether the principal may ask for it at all; how far it reaches then. */
const reachIn = (action: GovernedAction, who: Principal, { isLocal }: Caller): Reach => {
  const hasDefault = who.row[0] === 'users' && who.row[2][5] === 1;
  if (hasDefault && !isLocal && !allowedWithDefaultPassword.includes(action)) return 'none';
  if (who.token ? !allows(tokenPolicy, action, who.access) : !mayAsChild(action, who.access)) return 'none';
  return reachOf(action, who);
};

export const reachesAny = (action: Action, who: Principal, caller: Caller): boolean =>
  isGoverned(action) && reachIn(action, who, caller) === 'any';

const mayAsChild = (action: GovernedAction, access: Access | null): boolean =>
  access === null || childPolicyOf(action)?.[access] === true;

/** Whether the principal has a role in a project that allows the action. */
const mayInProject = (action: string, project: Cell, who: Principal, member: SealedRow | undefined): boolean => {
  const [projectId, userId, role] = member?.[2] ?? [];
  if (isThere(member) && projectId === project && userId === who.id && allows(projectPolicy, action, role ?? null))
    return true;
  if (!who.token || who.token.project !== project || who.access === null || who.access === 'audit') return false;
  return allows(projectPolicy, action, projectRoleOf[who.access]);
};

const mayWithSecret = (
  action: ProjectAction,
  secret: SealedRow,
  who: Principal,
  member: SealedRow | undefined,
): boolean => {
  const [, , owner, project = null] = secret[2];
  return project === null ? owner === who.id : mayInProject(action, project, who, member);
};

/** Whether all secrets of a bulk, which SQL alone has found, may get another holder: all, or the principal's own. */
export const mayMoveAll = (
  action: Action,
  who: Principal | null,
  moved: readonly SealedRow[],
  caller: Caller,
): boolean => {
  const reach = who && isGoverned(action) ? reachIn(action, who, caller) : 'none';
  return reach === 'any' || (reach === 'own' && moved.every(([, , [, , owner]]) => owner === who?.id));
};

/** The row by which a value may not leave; null if it may. @param secret and `member` as `sealedAnswer` has them. */
export const objectionToRead = (
  who: Principal | null,
  [secret, member]: readonly (SealedRow | undefined)[],
  caller: Caller,
): SealedRow | 'principal' | null => {
  const reach = who ? reachIn('secret.read', who, caller) : 'none';
  if (!who || reach === 'none') return 'principal';
  if (!isThere(secret)) return secret ?? 'principal';
  if (who.token && !isWithin(who.token.ranges, String(secret[2][1]))) return secret;
  return reach === 'any' || mayWithSecret('secret.read', secret, who, member) ? null : secret;
};

/** The same of what a verdict has allowed. @param rows by the aliases of the grounds. */
export const objectionTo = (
  { action, needsTarget }: Grounds,
  who: Principal | null,
  rows: Readonly<Record<string, SealedRow>>,
  caller: Caller,
): SealedRow | 'principal' | null => {
  if (!who) return 'principal';
  if (!isGoverned(action)) return null;
  const reach = reachIn(action, who, caller);
  if (reach === 'none') return 'principal';
  const { target, membership, place, place_member: placeMember } = rows;
  if (needsTarget && target && !isThere(target)) return target;
  if (target?.[0] === 'secrets' && isThere(target) && !reachesName(who, String(target[2][1]))) return target;
  if (reach === 'any') return null;
  if (isThere(target) && !isOwn(action, target, who, membership, rows)) return target;
  if (isThere(place) && !mayInProject('secret.create', place[2][0] ?? null, who, placeMember)) return place;
  return null;
};

/** Whether a token reaches what has this name; everybody else does. */
export const reachesName = ({ token, access }: Principal, name: string): boolean =>
  !token || access === 'audit' || isWithin(token.ranges, name);

const isGoverned = (action: Action): action is GovernedAction => Object.hasOwn(policy, action);

const isOwn = (
  action: GovernedAction,
  target: SealedRow,
  who: Principal,
  membership: SealedRow | undefined,
  { person }: Readonly<Record<string, SealedRow>>,
): boolean => {
  switch (target[0]) {
    case 'secrets':
      return mayWithSecret(action as ProjectAction, target, who, membership);
    case 'projects':
      // Everybody may leave.
      if (action === 'member.remove' && isThere(person) && person[2][0] === who.id) return isThere(membership);
      return mayInProject(action, target[2][0] ?? null, who, membership);
    case 'users':
      return target[2][0] === who.id;
    case 'service_tokens':
      if (who.token) return target[2][0] === who.token.id;
      return target[2][2] === who.id || mayInProject(action, target[2][3] ?? null, who, membership);
    default:
      return true;
  }
};
