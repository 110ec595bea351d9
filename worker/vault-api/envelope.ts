/**
 * Answers as clients of Vault and OpenBao read them (https://developer.hashicorp.com/vault/api-docs): an envelope around the data, and
 * errors as a list of texts.
 */
import type { ErrorStatus, Reply } from '../wire/reply.ts';

/** A reply; 204 has no body. */
export type VaultReply = Reply | { status: 204 };

/** What an envelope holds beside its data. Clients ask for every field, so those without a meaning here are there, too. */
interface Extras {
  /** What a login answers. */
  auth?: object | null;
  warnings?: readonly string[];
  /** The kind of the part of Vault that answers: `kv`, `token`, `system`, `approle`, `userpass`. */
  mountType: string;
}

/** An answer with data, or with what a login gives. */
export const enveloped = (data: object | null, { auth = null, warnings = [], mountType }: Extras): Reply => ({
  status: 200,
  body: {
    request_id: crypto.randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: warnings.length === 0 ? null : warnings,
    auth,
    mount_type: mountType,
  },
});

export const noContent: VaultReply = { status: 204 };

/** The list is empty where there is nothing to say: nothing is there, or it is not the caller's. */
export const errors = (status: ErrorStatus, texts: readonly string[], headers?: Record<string, string>): Reply => ({
  status,
  body: { errors: texts },
  ...(headers && { headers }),
});

/** Clients look for these words. It is the same whatever the credential lacks, and whether there is a credential at all. */
export const permissionDenied = errors(403, ['permission denied']);

export const nothingThere = errors(404, []);
