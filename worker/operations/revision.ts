/** The revision of a secret counts its changes of any kind. Who sends the one that they know overwrites nobody's change. */
import { sql } from 'drizzle-orm';
import type { Rule } from '../store/rules.ts';
import type { Param, Value } from '../store/statement.ts';
import { targetSecret } from '../store/targets.ts';

/** The value of a parameter `revisions`: the revisions of which the secret must have one; null for any. */
export const revisionsText = (revisions: readonly number[] | null): Value =>
  revisions === null ? null : JSON.stringify(revisions);

/** Holds if the secret has none of the revisions that are asked for. */
export const revisionRule = (revisions: Param): Rule => ({
  when: sql`${revisions} is not null and ${targetSecret.revision} not in (select value from json_each(${revisions}))`,
  outcome: 'conflict',
  reason: 'revision',
});
