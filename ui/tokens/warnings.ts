/** What is worth saying about a token: that it ends soon, and that nobody seems to need it. */
import type { Token } from '../api/wire.ts';

const day = 86_400_000;
const soonMs = 14 * day;
const unusedMs = 30 * day;

export const hasEnded = ({ revoked_at, expires_at }: Token, at: number): boolean =>
  revoked_at !== null || (expires_at !== null && Date.parse(expires_at) <= at);

/** @param at now, in milliseconds since 1970. */
export const warningsOf = (token: Token, at: number): string[] => {
  if (hasEnded(token, at)) return [];
  const { expires_at, last_used_at, created_at } = token;
  const days = expires_at === null ? null : Math.ceil((Date.parse(expires_at) - at) / day);
  const isUnused = at - Date.parse(last_used_at ?? created_at) > unusedMs;
  return [
    ...(days !== null && days * day <= soonMs ? [`expires in ${days} ${days === 1 ? 'day' : 'days'}`] : []),
    ...(isUnused ? [last_used_at === null ? 'never used' : 'not used for 30 days'] : []),
  ];
};
