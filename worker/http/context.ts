/** What every request of the API carries through Hono: the vault, and who is calling from where. */
import { type Context, Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { type Caller, pageVias, viaHeader } from '../../core/caller.ts';
import { newNonce } from '../../core/crypto/random.ts';
import { spaceHeader } from '../../core/space.ts';
import { expectEvents, writeEvents } from '../operations/event-output.ts';
import { noteRequest } from '../operations/hashing.ts';
import { isSealingDue, sealGathered } from '../operations/log-sealer.ts';
import type { Vault, Context as VaultContext } from '../operations/vault.ts';
import { addressOf, userAgentOf, wasForwarded } from './origin.ts';

/** What the names and paths of the vault's cookies are made of. */
export interface CookieSettings {
  /** Differs from vault to vault: derived from SECRET_KEY. */
  vaultTag: string;
  /** `/`, or the sub-path of the vault. */
  path: string;
}

export interface AppEnv {
  Variables: {
    vault: Vault;
    caller: Caller;
    cookies: CookieSettings;
    /** The status that the metrics count, where a client may wish for another one in the answer. */
    countedStatus?: number;
  };
}
export type AppContext = Context<AppEnv>;

export const router = () => new Hono<AppEnv>();

/** Cheaper than `c.var`, which copies all variables each time. */
export const contextOf = (c: AppContext): VaultContext => ({ vault: c.get('vault'), caller: c.get('caller') });

/** Sets the vault, its cookies and the caller. The caller has no session yet: a route that needs one reads the credential. */
export const withCaller = (vault: Vault, cookies: CookieSettings) =>
  createMiddleware<AppEnv>(async (c, next) => {
    c.set('vault', vault);
    c.set('cookies', cookies);
    const caller = callerOf(c.req.raw);
    noteRequest(caller.now);
    c.set('caller', { ...caller, isLocal: vault.isLocalOnly && !wasForwarded(c.req.raw) });
    if (vault.writeEvent) expectEvents(vault, caller.now);
    await next();
    if (vault.writeEvent) afterAnswer(c, () => writeEvents(vault));
    if (isSealingDue(vault, caller.now)) afterAnswer(c, () => sealGathered(vault));
  });

/** Runs it when the request is answered, where something waits for it: tests of routes run without that. */
const afterAnswer = (c: AppContext, work: () => Promise<void>) => {
  let context: Partial<Pick<ExecutionContext, 'waitUntil'>>;
  try {
    context = c.executionCtx;
  } catch {
    return;
  }
  context.waitUntil?.(work());
};

const callerOf = (request: Request): Caller => ({
  requestId: newNonce(),
  sessionId: null,
  claimedName: null,
  address: addressOf(request),
  userAgent: userAgentOf(request.headers),
  ...viaOf(request.headers),
  now: Date.now(),
  hasLeft: () => request.signal?.aborted ?? false,
  isSpaceLow: request.headers.get(spaceHeader)?.includes('low') ?? false,
});

/** What the vault's own page says that a value is for. It is written into the log as it is, and decides nothing. */
const viaOf = (headers: Headers): Pick<Caller, 'via'> => {
  const said = headers.get(viaHeader);
  const via = said === null ? undefined : pageVias.find((each) => each === said);
  return via === undefined ? {} : { via };
};
