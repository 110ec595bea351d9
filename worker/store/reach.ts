/** The policies as SQL. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import {
  allOfAuditor,
  type GovernedAction,
  ownOfToken,
  type ProjectAction,
  policy,
  projectPolicy,
  projectRoles,
  roles,
} from '../../core/policy/policy.ts';
import { byForm } from './form.ts';
import { token } from './token-principal.ts';

/**
 * How far a role reaches under an action: 'none', 'own' or 'any'.
 *
 * @param access of the service token; by default of the one that the verdict finds.
 */
export const reach = (action: GovernedAction, role: SQLWrapper, access: SQL = token.access): SQL => {
  const cases = roles.map((name) => sql`when ${name} then ${policy[action][name]}`);
  const byRole = sql`case ${role} ${sql.join(cases, sql` `)} else 'none' end`;
  if (!ownOfToken.includes(action)) return byRole;
  const isAuditor = sql`${access} = 'audit'`;
  return byForm(byRole, () => (allOfAuditor.includes(action) ? sql`iif(${isAuditor}, ${byRole}, 'own')` : sql`'own'`));
};

/** Whether a role in a project allows an action: 1 or 0, and 0 where there is no role. */
export const memberMay = (action: ProjectAction, role: SQLWrapper): SQL => {
  const allowed = projectRoles.filter((name) => projectPolicy[action][name]).map((name) => sql`${name}`);
  return sql`(coalesce(${role}, '') in (${sql.join(allowed, sql`, `)}))`;
};
