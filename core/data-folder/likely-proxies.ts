/**
 * Private addresses from which the sign-ins of many accounts have failed. Most often that is a reverse proxy that
 * TRUSTED_PROXIES does not name: everybody behind it then counts as one address.
 */

import { maxExaminedFailures, minFailedAccounts, proxySearchMs } from '../limits.ts';
import { isPrivate } from '../network/ranges.ts';
import type { Sql } from './database.ts';

/** The addresses, at most a few. Reads a bounded part of the log, by an index. The schema must be current. */
export function likelyProxies(sql: Sql, now: number): string[] {
  const rows = sql.rows(
    `SELECT address FROM (
       SELECT address, coalesce(actor_id, target, actor_name) AS account FROM audit_events
       WHERE reason IN ('wrong_password', 'inactive_account', 'unknown_name') AND at > ? ORDER BY at DESC LIMIT ?)
     GROUP BY address HAVING count(DISTINCT account) >= ?`,
    ...[now - proxySearchMs, maxExaminedFailures, minFailedAccounts],
  );
  return rows.map(({ address }) => String(address)).filter(isPrivate);
}
