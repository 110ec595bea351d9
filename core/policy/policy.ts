/** What a user is. */
export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** How far an action reaches: nothing, what belongs to the actor, or everything. */
export type Reach = 'none' | 'own' | 'any';

/**
 * The whole policy: action x role -> reach. The verdict compiles it into SQL, so the role that counts is the one in the
 * database at the moment of the request. Whoever is not in a column reaches nothing.
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

/** Everything a signed-in caller can ask for. */
export type GovernedAction = keyof typeof policy;

/** Signing in is the one action without a principal to judge: the password decides. */
export type Action = GovernedAction | 'session.create';
