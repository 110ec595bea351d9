/** Checks service tokens and the short-lived children of tokens and sessions: that none reaches more than it should. */
import type { DatabaseSync } from 'node:sqlite';
import { maxChildGenerations } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { rangesOf } from '../../core/policy/scopes.ts';
import { quoted } from '../quoted.ts';

/**
 * Counts the service tokens that have not been revoked. Vaults of earlier versions have none.
 *
 * @throws OperatorError if the names that a token reaches are not those of its scopes.
 */
export function checkTokens(database: DatabaseSync): number {
  if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'service_tokens'").get()) return 0;
  const ranges = database.prepare('SELECT low, high FROM token_scopes WHERE token_id = ? ORDER BY low');
  const tokens = database
    .prepare(
      `SELECT service_tokens.id, service_tokens.name, scopes, revoked_at, projects.name AS project
       FROM service_tokens LEFT JOIN projects ON projects.id = project_id`,
    )
    .all();
  for (const { id, name, scopes, project } of tokens) {
    const stored = ranges.all(Number(id)).map(({ low, high }) => [low, high]);
    const expected = rangesOf(JSON.parse(String(scopes)) as string[], project === null ? null : String(project));
    if (JSON.stringify(stored) !== JSON.stringify(expected)) {
      throw new OperatorError(
        `The service token ${quoted(String(name))} (${id}) reaches other names than its scopes say.`,
      );
    }
  }
  checkChildren(database);
  return tokens.filter(({ revoked_at }) => revoked_at === null).length;
}

/** Whether tokens of this vault can have children. Those of earlier versions cannot. */
export function hasChildren(database: DatabaseSync): boolean {
  return (
    database.prepare("SELECT 1 FROM pragma_table_info('token_secrets') WHERE name = 'generation'").get() !== undefined
  );
}

/** Whether the secrets of tokens have seals. Those of earlier versions have none. */
export function hasSeals(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM pragma_table_info('token_secrets') WHERE name = 'seal'").get() !== undefined;
}

/** @throws OperatorError if a child is not what its parent may have made: of another token or person, or with more access. */
function checkChildren(database: DatabaseSync): void {
  if (!hasChildren(database)) return;
  const rank = (access: string) => `CASE ${access} WHEN 'read' THEN 0 WHEN 'write' THEN 1 ELSE 2 END`;
  const wrong = database
    .prepare(
      `SELECT 'service token ' || child.token_id AS parent FROM token_secrets child
       JOIN token_secrets parent ON parent.hash = child.parent JOIN service_tokens ON service_tokens.id = child.token_id
       WHERE parent.token_id <> child.token_id OR child.generation <> parent.generation + 1 OR child.generation > :most
         OR ${rank('child.access')} > ${rank('coalesce(parent.access, service_tokens.access)')}
       UNION ALL SELECT 'session of user ' || child.user_id FROM sessions child JOIN sessions parent ON parent.id = child.parent_id
       WHERE parent.user_id <> child.user_id OR child.generation <> parent.generation + 1 OR child.generation > :most
         OR ${rank('child.access')} > ${rank("coalesce(parent.access, 'manage')")} LIMIT 1`,
    )
    .get({ most: maxChildGenerations });
  if (wrong) throw new OperatorError(`A child of the ${wrong.parent} reaches more than it, or is not its own.`);
}
