/** Tokens as clients of Vault read them: what a login answers, and what a token is told about itself. */
import type { Access } from '../../core/policy/policy.ts';
import type { OwnCredential } from '../operations/own-credential.ts';
import { enveloped } from './envelope.ts';

/** The least that clients show; then the access, by which a child can be made that may do less. */
const policiesOf = (access: Access) => ['default', access];

const secondsTo = (at: number, now: number) => Math.max(0, Math.ceil((at - now) / 1_000));

/** A token that was made, or one that was prolonged. */
export interface Issued {
  secret: string;
  /** The accessor: it names the token and is good for nothing. */
  id: string;
  access: Access;
  /** Milliseconds since 1970; null for never. */
  endsAt: number | null;
  isRenewable: boolean;
  hasParent: boolean;
  metadata: Record<string, string> | null;
}

/** Whether there is a later end than the one that it has. Ends are compared in seconds, which is what clients see. */
export const canBeProlonged = (endsAt: number | null, latestEnd: number | null): boolean =>
  endsAt !== null && latestEnd !== null && latestEnd - endsAt >= 1_000;

export const issued = (token: Issued, now: number, mountType: string, warnings: readonly string[] = []) =>
  enveloped(null, {
    mountType,
    warnings,
    auth: {
      client_token: token.secret,
      accessor: token.id,
      policies: policiesOf(token.access),
      token_policies: policiesOf(token.access),
      metadata: token.metadata,
      lease_duration: token.endsAt === null ? 0 : secondsTo(token.endsAt, now),
      renewable: token.isRenewable,
      entity_id: '',
      token_type: 'service',
      orphan: !token.hasParent,
      mfa_requirement: null,
      num_uses: 0,
    },
  });

/** @param sent the token itself: clients take it from here, and it is the caller who has sent it. */
export const lookedUp = (own: OwnCredential, sent: string, now: number) => {
  return enveloped(
    {
      accessor: own.id,
      creation_time: Math.floor(own.createdAt / 1_000),
      creation_ttl: own.endsAt === null ? 0 : secondsTo(own.endsAt, own.createdAt),
      display_name: own.kind === 'token' ? `token-${own.name}` : `userpass-${own.name}`,
      entity_id: '',
      expire_time: own.endsAt === null ? null : new Date(own.endsAt).toISOString(),
      explicit_max_ttl: 0,
      id: sent,
      issue_time: new Date(own.createdAt).toISOString(),
      meta: metadataOf(own),
      num_uses: 0,
      orphan: !own.hasParent,
      path: own.kind === 'token' ? 'auth/token/create' : `auth/userpass/login/${own.name}`,
      policies: policiesOf(own.access),
      renewable: canBeProlonged(own.endsAt, own.latestEnd),
      ttl: own.endsAt === null ? 0 : secondsTo(own.endsAt, now),
      type: 'service',
    },
    { mountType: 'token' },
  );
};

export const metadataOf = ({ kind, name }: Pick<OwnCredential, 'kind' | 'name'>): Record<string, string> =>
  kind === 'token' ? { role_name: name } : { username: name };
