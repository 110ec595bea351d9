/** Who may do what: the roles, the actions, how far each role reaches under each action, and what members of projects may. */

export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** How far a role reaches under an action: nothing, what is the actor's own, or everything. */
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
  'secret.rename': { user: 'own', admin: 'any' },
  'secret.transfer': { user: 'none', admin: 'any' },
  'secret.delete': { user: 'own', admin: 'any' },
  'trash.list': { user: 'own', admin: 'any' },
  'secret.restore': { user: 'own', admin: 'any' },
  'secret.destroy': { user: 'own', admin: 'any' },
  'version.list': { user: 'own', admin: 'any' },
  'version.restore': { user: 'own', admin: 'any' },
  'version.destroy': { user: 'own', admin: 'any' },
  'project.list': { user: 'own', admin: 'any' },
  'project.read': { user: 'own', admin: 'any' },
  'project.create': { user: 'own', admin: 'any' },
  'project.update': { user: 'own', admin: 'any' },
  'project.delete': { user: 'own', admin: 'any' },
  'member.set': { user: 'own', admin: 'any' },
  'member.remove': { user: 'own', admin: 'any' },
  'token.list': { user: 'own', admin: 'any' },
  'token.read': { user: 'own', admin: 'any' },
  'token.create': { user: 'own', admin: 'any' },
  'token.revoke': { user: 'own', admin: 'any' },
  /** Not of other people: who rotates a token holds it afterwards, and the log would name somebody else. */
  'token.rotate': { user: 'own', admin: 'any' },
  /** Ending the token itself, which only a token can ask for. */
  'token.end': { user: 'own', admin: 'own' },
  'child.create': { user: 'own', admin: 'own' },
  'child.renew': { user: 'own', admin: 'own' },
  'event.list': { user: 'own', admin: 'any' },
  'event.count': { user: 'own', admin: 'any' },
  'event.export': { user: 'own', admin: 'any' },
  /** Who has read a key, and who may. */
  'event.readers': { user: 'own', admin: 'any' },
  /** What somebody has read, and what was ticked off of it. */
  'event.exposure': { user: 'none', admin: 'any' },
  'event.mark': { user: 'none', admin: 'any' },
  /** Checkpoints, proofs and tiles of the log's tree: they say something about everybody's events. */
  'event.prove': { user: 'none', admin: 'any' },
  'event.verify': { user: 'none', admin: 'any' },
  'event.seal': { user: 'none', admin: 'any' },
  'user.list': { user: 'none', admin: 'any' },
  'user.create': { user: 'none', admin: 'any' },
  'user.update': { user: 'none', admin: 'any' },
  'user.delete': { user: 'none', admin: 'any' },
  /** The sessions of another user: seeing them, and ending them. */
  'user.sessions': { user: 'none', admin: 'any' },
  'user.sign_out': { user: 'none', admin: 'any' },
} as const satisfies Record<string, Record<Role, Reach>>;

/** What one may be in a project, from the least to the most. */
export const projectRoles = ['viewer', 'editor', 'manager'] as const;
export type ProjectRole = (typeof projectRoles)[number];

const anyMember = { viewer: true, editor: true, manager: true } as const;
const editors = { viewer: false, editor: true, manager: true } as const;
const managers = { viewer: false, editor: false, manager: true } as const;

/**
 * What the members of a project may do with it and with its keys: action x project role -> allowed. It holds where the policy
 * says `own`; what is personal is its owner's alone. The verdict compiles it as it does the policy.
 */
export const projectPolicy = {
  'secret.list': anyMember,
  'secret.read': anyMember,
  'secret.create': editors,
  'secret.update': editors,
  /** Within the project; see `secret.take`. */
  'secret.rename': editors,
  /** To take a key out of the project, by a new name. Part of renaming, and no action of its own. */
  'secret.take': managers,
  'secret.delete': editors,
  'trash.list': editors,
  'secret.restore': editors,
  'secret.destroy': managers,
  'version.list': anyMember,
  'version.restore': editors,
  'version.destroy': managers,
  'event.readers': managers,
  'project.read': anyMember,
  'project.update': managers,
  'project.delete': managers,
  'member.set': managers,
  /** Of others; everybody may leave. */
  'member.remove': managers,
  'token.read': managers,
  'token.create': managers,
  'token.revoke': managers,
  'token.rotate': managers,
} as const satisfies Partial<Record<GovernedAction | 'secret.take', Record<ProjectRole, boolean>>>;

/** What is judged by the role in a project. */
export type ProjectAction = keyof typeof projectPolicy;

/** What a service token may be made for with keys, from the least to the most. */
export const accesses = ['read', 'write', 'manage'] as const;
/** `audit` is for the log and nothing else. Only an admin makes such a token, for themselves. */
export const tokenAccesses = [...accesses, 'audit'] as const;
export type Access = (typeof tokenAccesses)[number];

const anyAccess = { read: true, write: true, manage: true, audit: false } as const;
const writing = { read: false, write: true, manage: true, audit: false } as const;
const managing = { read: false, write: false, manage: true, audit: false } as const;
const auditing = { read: false, write: false, manage: false, audit: true } as const;
/** For what a token is told and does about itself, too. */
const always = { read: true, write: true, manage: true, audit: true } as const;

/**
 * What service tokens may ask for: action x access -> allowed. It narrows what their person or project may do, which the other two
 * tables say. What is not named here no token may do: it is about accounts, members, sessions or other tokens.
 */
export const tokenPolicy = {
  'secret.list': anyAccess,
  'secret.read': anyAccess,
  'secret.create': writing,
  'secret.update': writing,
  'secret.rename': writing,
  'secret.take': managing,
  'secret.delete': writing,
  'trash.list': writing,
  'secret.restore': writing,
  'secret.destroy': managing,
  'version.list': anyAccess,
  'version.restore': writing,
  'version.destroy': managing,
  'project.list': anyAccess,
  'project.read': anyAccess,
  /** Itself only. */
  'token.read': always,
  'token.end': always,
  'child.create': always,
  'child.renew': always,
  /** What it did itself, also if an admin's; with `audit` all that its person may read. */
  'event.list': always,
  'event.count': always,
  'event.export': always,
  'event.readers': auditing,
  'event.exposure': auditing,
  'event.prove': auditing,
  'event.verify': auditing,
  'event.seal': auditing,
} as const satisfies Partial<Record<GovernedAction | 'secret.take', Record<Access, boolean>>>;

/** What is judged by the access of a token. */
export type TokenAction = keyof typeof tokenPolicy;

/** Whether tokens of some access may ask for it. */
export function isTokenAction(action: GovernedAction): action is GovernedAction & TokenAction {
  return action in tokenPolicy;
}

/**
 * What a child of a sign-in may ask for, by its access; null for nothing. It may do with keys what a token may, and read and end itself. It
 * changes no account, no password and no service token, since those would outlive it.
 */
export function childPolicyOf(action: GovernedAction): Record<Access, boolean> | null {
  if (action === 'session.read' || action === 'session.end') return always;
  return isTokenAction(action) && !action.startsWith('token.') ? tokenPolicy[action] : null;
}

/** Where a token reaches only what is its own, whatever the role of its person is. */
export const ownOfToken: readonly GovernedAction[] = ['token.read', 'event.list', 'event.count', 'event.export'];

/** Of these, where one with the access `audit` reaches as far as the role of its person. */
export const allOfAuditor: readonly GovernedAction[] = ['event.list', 'event.count', 'event.export'];

/** What a token of a project is there: its access says it. */
export const projectRoleOf: Readonly<Record<(typeof accesses)[number], ProjectRole>> = {
  read: 'viewer',
  write: 'editor',
  manage: 'manager',
};

/** All that an account may do whose default password is unchanged, in a vault that other machines can reach. */
export const allowedWithDefaultPassword: readonly GovernedAction[] = ['session.read', 'session.end', 'password.change'];

/** Everything that a signed-in caller can ask for. */
export type GovernedAction = keyof typeof policy;

/** What the owner of the machine does to a stopped vault. Programs beside the vault record it; no request can ask for it. */
export type OperatorAction = 'vault.restore' | 'vault.seal' | 'admin.reset' | 'log.archive';

/** What the vault does on its own: because of a setting, or once after an upgrade. */
type OwnAction = 'log.expire' | 'vault.seal';

/** What is only refused, and counted: the use of an ended session, and too many requests. */
type CountedAction = 'session.use' | 'request.send';

/** Signing in has no principal to judge yet: the password decides. */
export type Action = GovernedAction | 'session.create' | CountedAction | OperatorAction | OwnAction;

/** What the log says about an action. Only a verdict writes it; `failed` is for an allowed action that then went wrong. */
export const outcomes = ['allowed', 'denied', 'not_found', 'conflict', 'invalid', 'unauthenticated', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];
