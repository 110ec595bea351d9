/** Who may do what: the roles, the actions, and how far each role reaches under each action. */

export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** How far a role reaches under an action: nothing, what the actor owns, or everything. */
export type Reach = 'none' | 'own' | 'any';

/**
 * The whole policy: action x role -> reach. The verdict compiles it into SQL, so it judges the role that is in the database
 * at the moment of the request. An unknown role reaches nothing.
 */
export const policy = {
  'session.read': { user: 'own', admin: 'own' },
  'session.list': { user: 'own', admin: 'own' },
  'session.revoke': { user: 'own', admin: 'own' },
  'session.end': { user: 'own', admin: 'own' },
  'password.change': { user: 'own', admin: 'own' },
  'secret.list': { user: 'own', admin: 'any' },
  'secret.read': { user: 'own', admin: 'any' },
  'secret.create': { user: 'own', admin: 'any' },
  'secret.update': { user: 'own', admin: 'any' },
  'secret.delete': { user: 'own', admin: 'any' },
  'event.list': { user: 'own', admin: 'any' },
  'event.count': { user: 'own', admin: 'any' },
  'user.list': { user: 'none', admin: 'any' },
  'user.create': { user: 'none', admin: 'any' },
  'user.update': { user: 'none', admin: 'any' },
  'user.delete': { user: 'none', admin: 'any' },
} as const satisfies Record<string, Record<Role, Reach>>;

/** All that an account may do whose default password is unchanged, in a vault that other machines can reach. */
export const allowedWithDefaultPassword: readonly GovernedAction[] = ['session.read', 'session.end', 'password.change'];

/** Everything that a signed-in caller can ask for. */
export type GovernedAction = keyof typeof policy;

/** What the owner of the machine does to a stopped vault. Programs beside the vault record it; no request can ask for it. */
export type OperatorAction = 'vault.restore' | 'admin.reset';

/** What is only refused, and counted: the use of an ended session, and too many requests. */
type CountedAction = 'session.use' | 'request.send';

/** Signing in has no principal to judge yet: the password decides. */
export type Action = GovernedAction | 'session.create' | CountedAction | OperatorAction;

/** What the log says about an action. Only a verdict writes it; `failed` is for an allowed action that then went wrong. */
export type Outcome = 'allowed' | 'denied' | 'not_found' | 'conflict' | 'invalid' | 'unauthenticated' | 'failed';
