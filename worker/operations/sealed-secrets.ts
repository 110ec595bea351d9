/** Secrets as they will be, for their seals (core/sealed-rows.ts). */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { secrets } from '../store/schema.ts';
import { futureRow, sealedRow, sealIfCovered } from '../store/sealed.ts';
import { query, textColumn } from '../store/statement.ts';
import { targetSecret } from '../store/targets.ts';

/** What the seal of a secret covers. `version` is the number of the current version, `binding` is that version's. */
type Covered = Record<'name' | 'owner' | 'project' | 'version' | 'binding', SQLWrapper>;

const future = (id: SQLWrapper, { name, owner, project, version, binding }: Covered): SQL =>
  futureRow(
    'secrets',
    [sql`${id}`],
    [name, owner, project, version, binding].map((field) => sql`${field}`),
  );

/** A secret that is yet to be made: its name finds it. */
export const futureSecret = (covered: Covered): SQL => future(covered.name, covered);

/** The newest version of the target that there is so far. */
export const newestOfTarget = sql`(select max(newest.number) from secret_versions newest where newest.secret_id = ${targetSecret.id})`;

/** The binding of one version of the target; null if there is none. */
export const bindingOfTarget = (version: SQLWrapper): SQL =>
  sql`(select bound.binding from secret_versions bound where bound.secret_id = ${targetSecret.id} and bound.number = ${version})`;

const { name, owner_id, project_id, current_version } = targetSecret;
const asItIs: Covered = {
  name,
  owner: owner_id,
  project: project_id,
  version: current_version,
  binding: bindingOfTarget(current_version),
};

/** The target as a change leaves it. */
export const changedTarget = (changed: Partial<Covered>): SQL => future(targetSecret.id, { ...asItIs, ...changed });

/** For an UPDATE that lets the newest version be the current one and changes nothing else that the seal covers: the seal of the row after it. */
export const sealOfNewest: SQL = sealIfCovered('secrets', {
  current_version: '(select max(number) from secret_versions where secret_id = secrets.id)',
});

/** Many secrets, each as it is and as it gets another holder. */
export const sealingOf = (holder: Pick<Covered, 'owner' | 'project'>, which: SQL | undefined) => {
  const of = (column: string) => sql.raw(`secrets.${column}`);
  const binding = sql`(select bound.binding from secret_versions bound where bound.secret_id = secrets.id and bound.number = secrets.current_version)`;
  const moved = future(of('id'), { ...holder, name: of('name'), version: of('current_version'), binding });
  return query
    .select({
      sealed: textColumn(
        'sealed',
        sql`json_array(json_array(${sealedRow('secrets', 'secrets')}), json_array(${moved}))`,
      ),
    })
    .from(secrets)
    .where(which);
};

/** Changes whenever one of these secrets does, comes or goes. */
export const revisionsOf = (which: SQL | undefined): SQL =>
  sql`${query
    .select({
      mark: sql`count(*) || ' ' || coalesce(sum(${secrets.revision}), 0) || ' ' || coalesce(sum(${secrets.id}), 0)`.as(
        'mark',
      ),
    })
    .from(secrets)
    .where(which)}`;
