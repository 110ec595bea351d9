/**
 * What becomes of service tokens in a restore. A backup must not bring back a token that was revoked since, and a program must not lose
 * its token because it was rotated since. So where the vault that is replaced is the same one, it has the last word on the tokens of the
 * backup: what it has revoked or deleted stays ended, and what it has rotated keeps its newest secret. In another vault, such as one on a
 * new machine, tokens are what they were in the backup. The short-lived children of tokens end with every restore, as sessions do: programs
 * log in again.
 */
import { DatabaseSync } from 'node:sqlite';
import { foldBusyTimeoutMs } from '../../core/limits.ts';
import { isVault } from '../data/check-database.ts';
import { hasChildren, hasSeals } from '../data/check-tokens.ts';
import { quoted } from '../quoted.ts';

/** The names of tokens, as the operator reads them before the question. */
export interface TokenReport {
  /** That work after the restore. */
  working: string[];
  /** That the backup has as working, and that have ended since. */
  ended: string[];
  /** That were made since. */
  lost: string[];
}

interface Token {
  id: number;
  /** With the number it tells a token from all others of the vault: after a restore, numbers can come again. */
  createdAt: number;
  name: string;
  isLive: boolean;
  revokedAt: number | null;
  /** With the seals that the vault gave them: a secret that somebody else wrote has none that holds, here and after the restore. */
  secrets: { hash: string; created_at: number; ends_at: number | null; seal?: string | null }[];
}

/**
 * Brings the tokens of a staged database up to what the vault knows that it replaces.
 *
 * @param current the database of that vault, which may be in use, damaged or missing.
 */
export function carryTokens(staged: DatabaseSync, current: string, now: number): TokenReport {
  const known = readCurrent(current, instanceOf(staged), now);
  staged.exec('DELETE FROM token_secrets WHERE generation > 0');
  const tokens = readTokens(staged, now);
  const ended: string[] = [];
  for (const token of known ? tokens : []) {
    const same = known?.find((other) => isSame(other, token));
    if (same && same.revokedAt === null) keepSecrets(staged, token.id, same);
    else {
      staged
        .prepare('UPDATE service_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
        .run(same?.revokedAt ?? now, token.id);
      if (token.isLive) ended.push(token.name);
    }
  }
  return {
    working: namesOf(readTokens(staged, now)),
    ended,
    lost: namesOf((known ?? []).filter((token) => !tokens.some((other) => isSame(other, token)))),
  };
}

/** One line for each kind of which there are any. */
export function* tokenLines({ working, ended, lost }: TokenReport): Generator<string> {
  if (working.length > 0) yield `Service tokens that work after the restore: ${list(working)}`;
  if (ended.length > 0) {
    yield `Service tokens that stay ended, because they were revoked or deleted since the backup: ${list(ended)}`;
  }
  if (lost.length > 0) yield `Service tokens that are lost, because they were made since the backup: ${list(lost)}`;
}

const maxListed = 10;

function list(names: readonly string[]): string {
  const more = names.length > maxListed ? `, and ${names.length - maxListed} more` : '';
  return `${names.slice(0, maxListed).map(quoted).join(', ')}${more}.`;
}

function namesOf(tokens: readonly Token[]): string[] {
  return tokens.filter(({ isLive }) => isLive).map(({ name }) => name);
}

/** Their secrets do not tell: a token that was rotated twice has none of the backup's. */
function isSame(one: Token, other: Token): boolean {
  return one.id === other.id && one.createdAt === other.createdAt;
}

function keepSecrets(staged: DatabaseSync, id: number, { secrets }: Token): void {
  staged.prepare('DELETE FROM token_secrets WHERE token_id = ?').run(id);
  const insert = staged.prepare(
    'INSERT INTO token_secrets (hash, token_id, created_at, ends_at, seal) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { hash, created_at, ends_at, seal = null } of secrets) insert.run(hash, id, created_at, ends_at, seal);
}

/** Vaults of earlier versions have no tokens, or no children of them. */
function readTokens(database: DatabaseSync, now: number): Token[] {
  if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'service_tokens'").get()) return [];
  const own = hasChildren(database) ? 'WHERE generation = 0' : '';
  const seal = hasSeals(database) ? ', seal' : '';
  const secrets = Map.groupBy(
    database
      .prepare(`SELECT token_id, hash, created_at, ends_at${seal} FROM token_secrets ${own}`)
      .all() as unknown as (Token['secrets'][number] & {
      token_id: number;
    })[],
    ({ token_id }) => token_id,
  );
  const rows = database
    .prepare('SELECT id, created_at, name, expires_at, revoked_at FROM service_tokens ORDER BY id')
    .all();
  return rows.map(({ id, created_at, name, expires_at, revoked_at }) => ({
    id: Number(id),
    createdAt: Number(created_at),
    name: String(name),
    isLive: revoked_at === null && (expires_at === null || Number(expires_at) > now),
    revokedAt: revoked_at === null ? null : Number(revoked_at),
    secrets: secrets.get(Number(id)) ?? [],
  }));
}

/** When a vault was set up, in milliseconds: what its backups have in common with it. */
function instanceOf(database: DatabaseSync): unknown {
  return database.prepare('SELECT created_at FROM instance').get()?.created_at;
}

/** The tokens of the vault that is replaced; undefined if it is none, another one, or cannot be read. */
function readCurrent(file: string, instance: unknown, now: number): Token[] | undefined {
  try {
    using database = new DatabaseSync(file, { readOnly: true, timeout: foldBusyTimeoutMs });
    return isVault(database) && instanceOf(database) === instance ? readTokens(database, now) : undefined;
  } catch {
    return undefined;
  }
}
