/** Which service tokens reach a key. The vault decides; this is what it would say of those that one may see. */
import { isInRanges, rangesOf } from '../../core/policy/scopes.ts';
import type { Token } from '../api/wire.ts';
import type { KeyRow } from './order.ts';

type Reaching = Pick<Token, 'owner' | 'project' | 'scopes' | 'revoked_at' | 'expires_at'>;

/** Those that work, whose scopes have the name, and whose project or person (one of `people`) reaches the key. */
export const reaching = <Some extends Reaching>(
  { name, project }: Pick<KeyRow, 'name' | 'project'>,
  tokens: readonly Some[],
  people: readonly string[],
  now = new Date().toISOString(),
): Some[] =>
  tokens.filter((token) => {
    const { owner, scopes, revoked_at, expires_at } = token;
    const works = revoked_at === null && (expires_at === null || expires_at > now);
    const mayReach = owner === null ? token.project === project : people.includes(owner);
    return works && mayReach && isInRanges(name, rangesOf(scopes, token.project));
  });
