/** The policies as SQL. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import {
  type GovernedAction,
  ownOfToken,
  type ProjectAction,
  policy,
  projectPolicy,
  projectRoles,
  roles,
} from '../../core/policy/policy.ts';
import { byForm } from './form.ts';

/** How far a role reaches under an action: 'none', 'own' or 'any'. */
export const reach = (action: GovernedAction, role: SQLWrapper): SQL => {
  const cases = roles.map((name) => sql`when ${name} then ${policy[action][name]}`);
  const byRole = sql`case ${role} ${sql.join(cases, sql` `)} else 'none' end`;
  return ownOfToken.includes(action) ? byForm(byRole, () => sql`'own'`) : byRole;
};

/** Whether a role in a project allows an action: 1 or 0, and 0 where there is no role. */
export const memberMay = (action: ProjectAction, role: SQLWrapper): SQL => {
  const allowed = projectRoles.filter((name) => projectPolicy[action][name]).map((name) => sql`${name}`);
  return sql`(coalesce(${role}, '') in (${sql.join(allowed, sql`, `)}))`;
};
