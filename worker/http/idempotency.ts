/**
 * The header Idempotency-Key of a POST, by which a client may send a request again without it being carried out again
 * (draft-ietf-httpapi-idempotency-key-header-07). What is kept for it, and how, `worker/store/kept-answers.ts` says.
 */
import type { Idempotency } from '../../core/caller.ts';
import { maxIdempotencyKeyCharacters } from '../../core/limits.ts';
import type { Context } from '../operations/vault.ts';
import type { Reply } from '../wire/reply.ts';
import type { AppContext } from './context.ts';

const header = 'Idempotency-Key';

/** What says that an answer is the one to an earlier request. */
const replayedHeader = { 'Idempotent-Replayed': 'true' };

const badKey = `${header} must be 1 to ${maxIdempotencyKeyCharacters} printable ASCII characters, such as a UUID, in double quotes, or without quotes if there is no space, comma or semicolon in it.`;
const notTaken = `This request takes no ${header}: it holds a password, its answer holds a secret, or it stores nothing. Leave the header out.`;

/** A string of Structured Fields (RFC 9651, section 3.3.3), or the same characters without quotes, as many clients send them. */
const quoted = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
const bare = /^[!#-+\--:<-[\]-~]*$/;

/** The key of a request; undefined if it has none. Of other methods than POST the header means nothing. */
export const keyOf = (c: AppContext, takesKey = false): { key?: string } | { error: string } => {
  const given = c.req.method === 'POST' ? c.req.raw.headers.get(header) : null;
  if (given === null) return {};
  if (!takesKey) return { error: notTaken };
  const key = quoted.exec(given)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? (bare.test(given) ? given : '');
  return key === '' || key.length > maxIdempotencyKeyCharacters ? { error: badKey } : { key };
};

/**
 * The context of a request with a key.
 *
 * @param body of the request, as JSON was read from it.
 */
export const withKey = (context: Context, c: AppContext, key: string, body: unknown): Context => {
  const { pathname, search } = new URL(c.req.url);
  const request = JSON.stringify([c.req.method, pathname + search, c.req.header('If-Match') ?? null, body ?? null]);
  const { primary, byId } = context.vault.keyring;
  const keys = new Set([primary, ...byId.values()]);
  const idempotency: Idempotency = { key, fingerprints: [...keys].map((each) => each.fingerprint(request)) };
  return { ...context, caller: { ...context.caller, idempotency } };
};

/** An answer that was given before. */
export const replayed = (reply: Reply): Reply => ({ ...reply, headers: { ...reply.headers, ...replayedHeader } });
