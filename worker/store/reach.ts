/** The policy as SQL. */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type GovernedAction, policy, roles } from '../../core/policy/policy.ts';

/** How far a role reaches under an action: 'none', 'own' or 'any'. */
export const reach = (action: GovernedAction, role: SQLWrapper): SQL => {
  const cases = roles.map((name) => sql`when ${name} then ${policy[action][name]}`);
  return sql`case ${role} ${sql.join(cases, sql` `)} else 'none' end`;
};
