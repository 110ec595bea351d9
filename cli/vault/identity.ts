/** Who the token is: a person's session, or a service token. */

import type { Vault } from './client.ts';

export interface Identity {
  /** A person, or the project that a service token belongs to. */
  user: string;
  role: string | null;
  /** The name of a service token. */
  token?: string;
  expires_at: string | null;
}

interface Session {
  user: string;
  role: string;
  expires_at: string;
}

interface Self {
  name: string;
  owner: string | null;
  project: string | null;
  access: string;
  expires_at: string | null;
}

/** Service tokens begin like this. They have no session. */
export function isServiceToken(token: string): boolean {
  return token.startsWith('ks_');
}

/** Asks the vault. */
export async function identify(vault: Vault): Promise<Identity> {
  if (!isServiceToken(vault.token)) {
    const { user, role, expires_at } = (await vault.ask<Session>('GET', '/auth/session')).body;
    return { user, role, expires_at };
  }
  const { name, owner, project, access, expires_at } = (await vault.ask<Self>('GET', '/tokens/self')).body;
  return { user: owner ?? `project ${project ?? ''}`, role: access, token: name, expires_at };
}
