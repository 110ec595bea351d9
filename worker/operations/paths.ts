/**
 * What is at a path: the secret of that name, or a folder, which is the secrets whose names have one segment more. SQL finds them within
 * the statement that judges, so a path takes no round trip of its own. Only what the principal reaches is found: whatever is somebody
 * else's, or outside the scopes of a token, is as if it were not there.
 */
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxPathsPerList, maxSecretsPerRead } from '../../core/limits.ts';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { byForm } from '../store/form.ts';
import { ofPrincipal } from '../store/principal.ts';
import { reach } from '../store/reach.ts';
import { members, projects, secrets } from '../store/schema.ts';
import { query } from '../store/statement.ts';
import { isInScopes, ofTokenPrincipal, reachesIntoProject } from '../store/token-principal.ts';

/**
 * Who asks, as a table `asker` of one row for the fragments below: written once, since its text is long. `reach` is that of the action;
 * `project` is the one that the first segment of the path names, and `is_in` whether they are in it. What is in the folder begins with
 * `prefix`, and its names are from `low` on and before `high`: no name contains a control character, and `0` follows `/`.
 */
const askerQuery = (action: GovernedAction, path: SQL): SQL => {
  const project = sql`(select ${projects.id} from ${projects} where ${projects.name} = substr(${path} || '/', 1, instr(${path} || '/', '/') - 1))`;
  return sql`select who.id as id, who.reach as reach, who.token_id as token_id, who.project as project,
    ${isIn(sql`who.project`, sql`who.id`)} as is_in, iif(${path} = '', '', ${path} || '/') as prefix,
    iif(${path} = '', '', ${path} || '/') || char(1) as low, iif(${path} = '', ${lastName}, ${path} || '0') as high from (
      select ${ofPrincipal('id')} as id, ${reach(action, ofPrincipal('role'))} as reach,
        ${byForm(sql`null`, () => ofTokenPrincipal('token_id'))} as token_id, ${project} as project) who`;
};

/** Greater than every name: they have at most 255 bytes. */
const lastName = sql`replace(hex(zeroblob(64)), '00', char(1114111))`;

/** For a WITH in SQL. */
export const asker = (action: GovernedAction, path: SQL): SQL =>
  sql`asker as materialized (${askerQuery(action, path)})`;

/** The same for the query builder. */
export const askerOf = (action: GovernedAction, path: SQL) => query.$with('asker', {}).as(askerQuery(action, path));

const me = sql`(select asker.id from asker)`;
const tokenId = sql`(select asker.token_id from asker)`;
const project = sql`(select asker.project from asker)`;
const prefix = sql`(select asker.prefix from asker)`;
const high = sql`(select asker.high from asker)`;
const low = sql`(select asker.low from asker)`;
export const isAny = sql`((select asker.reach from asker) = 'any')`;
const isOwn = sql`((select asker.reach from asker) = 'own')`;

/** Whether somebody is in a project. A token of a project has the id of the project, negative. */
const isIn = (of: SQLWrapper, id: SQL) =>
  sql`(${of} = -${id} or exists (select 1 from ${members} mine where mine.project_id = ${of} and mine.user_id = ${id}))`;

/** Whether the asker is in the project of the path. Admins are in all of them. */
const isInProject = sql`(${isAny} or ${isOwn} and (select asker.is_in from asker))`;

/** Whether the asker may be at a path at all: it is personal, or in a project that they reach, and the scopes of a token do not exclude it. */
const inPlace = sql`(${project} is null or ${isInProject})`;
export const isPathReached = (path: SQL): SQL =>
  byForm(inPlace, () => sql`(${inPlace} and (${isInScopes(path, tokenId)} or ${reachesIntoProject(path, tokenId)}))`);

/** The project that the first segment of the path names; null for none. */
export const projectOfPath = project;

/** The asker's id, for what is personal. */
export const askerId = me;

/** Whether the asker reaches a row of `secrets` under the action: as their own, or by their role. */
export const isReached = sql`(${isAny} or ${isOwn} and (secrets.owner_id = ${me} or ${isIn(sql`secrets.project_id`, me)}))`;

export const inScopes = (name: SQL) => byForm(sql`1`, () => isInScopes(name, tokenId));

/** Whether a project has a secret in use that a token's scopes do not exclude. */
export const hasInScopes = (of: SQL): SQL =>
  byForm(
    sql`exists (select 1 from ${secrets} where secrets.project_id = ${of} and secrets.deleted_at is null)`,
    () => sql`exists (select 1 from token_scopes scope cross join ${secrets} where scope.token_id = ${tokenId} and secrets.project_id = ${of}
      and secrets.deleted_at is null and secrets.name >= scope.low and secrets.name < scope.high)`,
  );

/** The id of the secret in use of this name, or null. */
export const secretAt = (path: SQL): SQL =>
  sql`(select secrets.id from ${secrets} where secrets.name = ${path} and secrets.deleted_at is null and ${isReached} and ${inScopes(path)})`;

/** The id of the secret in the trash that had this name last, or null. */
export const trashedAt = (path: SQL, trashFrom: SQL): SQL =>
  sql`(select secrets.id from ${secrets} where secrets.name = ${path} and secrets.deleted_at > ${trashFrom} and ${isReached} and ${inScopes(path)}
    order by secrets.deleted_at desc, secrets.id desc limit 1)`;

/** True for the rows of `secrets` that were directly in the folder and are in the trash. */
export const isTrashedChild = (trashFrom: SQL): SQL =>
  sql`(secrets.name >= ${low} and secrets.name < ${high} and secrets.deleted_at > ${trashFrom} and ${isDirect(sql`secrets.name`)} and ${isReached}
    and ${inScopes(sql`secrets.name`)})`;

/** The secret in the trash that stands for a path: of that name, or else the one with the highest version that was in the folder. */
export const trashOf = (path: SQL, trashFrom: SQL): SQL =>
  sql`coalesce(${trashedAt(path, trashFrom)}, (select secrets.id from ${secrets} where ${isTrashedChild(trashFrom)}
    order by secrets.current_version desc, secrets.deleted_at desc limit 1))`;

/** The first name from `from` on that a way to reach secrets gives. A LIMIT, since a WHERE is looked at again for each row. */
const firstName = (from: SQL, condition: SQL, isOpen: SQL) =>
  byForm(
    sql`(select secrets.name from ${secrets} where ${condition} and secrets.deleted_at is null
      and secrets.name >= ${from} and secrets.name < ${high} order by secrets.name limit iif(${isOpen}, 1, 0))`,
    () => sql`(select secrets.name from token_scopes scope cross join ${secrets} where scope.token_id = ${tokenId}
      and scope.high > ${from} and scope.low < ${high} and ${condition} and secrets.deleted_at is null
      and secrets.name >= max(${from}, scope.low) and secrets.name < min(${high}, scope.high)
      order by scope.low, secrets.name limit iif(${isOpen}, 1, 0))`,
  );

/** The first name in the folder and below, from `from` on, that the asker reaches; null for none. */
const nextName = (from: SQL): SQL => {
  const ways = [
    firstName(from, sql`1`, isAny),
    firstName(from, sql`secrets.owner_id = ${me}`, isOwn),
    firstName(from, sql`secrets.project_id = ${project}`, sql`${isOwn} and (select asker.is_in from asker)`),
  ];
  return sql`nullif(min(${sql.join(
    ways.map((name) => sql`coalesce(${name}, ${high})`),
    sql`, `,
  )}), ${high})`;
};

const restOf = (name: SQL) => sql`substr(${name}, length(${prefix}) + 1)`;

/** What is directly in the folder of a name below it: the rest of the name, or a folder with its slash. */
export const childOf = (name: SQL): SQL =>
  sql`iif(instr(${restOf(name)}, '/'), substr(${restOf(name)}, 1, instr(${restOf(name)}, '/')), ${restOf(name)})`;

/** Whether a name is directly in the folder. */
export const isDirect = (name: SQL): SQL => sql`not instr(${restOf(name)}, '/')`;

/** Where to look on after a name: behind the whole folder that it is in. */
const pastName = (name: SQL) =>
  sql`iif(${isDirect(name)}, ${name} || char(1), ${prefix} || substr(${restOf(name)}, 1, instr(${restOf(name)}, '/') - 1) || '0')`;

/**
 * The names in a folder, one for each that is directly in it, as a recursive table `step`: it jumps over what is deeper, so a folder with a
 * few children costs little, however much is below.
 *
 * @param options `from` is where a list goes on.
 */
export const steps = (options: { when?: SQL; from?: SQL; most?: SQL } = {}): SQL => {
  const { when = sql`1`, from = low, most = sql`${maxPathsPerList}` } = options;
  return sql`step (name, number) as (select iif(${when}, ${nextName(from)}, null), 1
    union all select ${nextName(pastName(sql`step.name`))}, step.number + 1 from step where step.name is not null and step.number <= ${most})`;
};

/** Whether anything below a path is there for the principal. */
export const hasBelow = sql`(${nextName(low)} is not null)`;

/**
 * What a path leads to. `secret` is the one of that name and `child` one directly in the folder; the others stand for the path itself: it is
 * in the trash, there is nothing, there is more in the folder than one request takes, or it is a folder where that will not do.
 */
export type PathState = 'secret' | 'child' | 'trash' | 'none' | 'many' | 'folder';

/** A row of what is found. */
export const found = {
  id: sql.raw('found.id'),
  name: sql.raw('found.name'),
  state: sql.raw('found.state'),
  /** How many rows there are, where that matters. */
  total: sql.raw('found.total'),
} as const;

export const isState = (...states: PathState[]): SQL =>
  sql`${found.state} in (${sql.join(
    states.map((state) => sql`${state}`),
    sql`, `,
  )})`;

export interface PathQuery {
  path: SQL;
  trashFrom: SQL;
  /** What stands for a path that is in the trash; by default also a secret that was in the folder. */
  trashed?: SQL;
  /** Whether a path is as good as a folder where nothing is. */
  isEntry?: SQL;
  /** Where a folder will not do: of its highest version, `sums.highest`. Then it is one row of the state `folder`. */
  isNoFolder?: SQL;
}

/** What is at a path, as a table `found`: one row for the path itself, or one for each secret directly in the folder. */
export const foundAt = (action: GovernedAction, asked: PathQuery): SQL => {
  const { path, trashFrom, isNoFolder = sql`0`, isEntry = sql`0`, trashed = trashOf(path, trashFrom) } = asked;
  const isTooMuch = sql`(sums.number > ${maxSecretsPerRead} or sums.steps > ${maxPathsPerList})`;
  return sql`(with recursive ${asker(action, path)}, here (id) as materialized (select ${secretAt(path)}),
    ${steps({ when: sql`(select here.id from here) is null` })},
    kids (id, version) as materialized (select secrets.id, secrets.current_version from step cross join ${secrets}
      where secrets.name = step.name and secrets.deleted_at is null and ${isDirect(sql`step.name`)}),
    sums (number, steps, highest) as materialized (
      select (select count(*) from kids), (select count(*) from step), (select max(kids.version) from kids)),
    gone (id) as materialized (select iif(here.id is null and sums.number = 0, ${trashed}, null) from here cross join sums),
    is_list (yes) as materialized (select sums.number > 0 and not ${isTooMuch} and not ${isNoFolder} from sums)
    select here.id as id, ${path} as name, 'secret' as state from here where here.id is not null
    union all select secrets.id, secrets.name, 'child' from is_list cross join kids cross join ${secrets}
      where is_list.yes and secrets.id = kids.id
    union all select gone.id, ${path}, case when ${isTooMuch} then 'many' when sums.number > 0 then 'folder'
      when gone.id is not null then 'trash' when ${isEntry} then 'folder' else 'none' end
      from here cross join sums cross join is_list cross join gone where here.id is null and not is_list.yes) as found`;
};

/** A path is in the scopes of a token if its name is, or something below it can be: that tells nothing about what is there. */
export const isPathInScopes = (path: SQL): SQL => sql`(${isInScopes(path)} or ${reachesIntoProject(path)})`;

/** The same for a row of what is found: a secret must be in the scopes itself. */
export const isFoundInScopes = (): SQL =>
  sql`iif(${isState('secret', 'child')}, ${isInScopes(found.name)}, ${isPathInScopes(found.name)})`;
