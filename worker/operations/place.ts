/**
 * Where a name belongs: if its first segment is the name of a project, in that project, else among the personal keys of whoever
 * makes it. Whatever gives a secret a name (create, rename, import, restore, transfer) uses these joins and rules.
 */
import { and, eq, isNotNull, isNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { byForm } from '../store/form.ts';
import { type Join, principal } from '../store/principal.ts';
import { memberMay } from '../store/reach.ts';
import { type Rule, scopeRule } from '../store/rules.ts';
import { members, projects } from '../store/schema.ts';
import { type Given, query, type Values } from '../store/statement.ts';
import { reachesOwn } from '../store/targets.ts';
import { isInScopes, roleOfAccess, token } from '../store/token-principal.ts';

/** The parameters of a place. */
export const placeParams = ['place', 'place_likeness', 'has_bad_segment'] as const;
type GivenPlace = Given<(typeof placeParams)[number]>;

/** The project that a name belongs to; its id is null if that is none. */
export const place = alias(projects, 'place');
const placeMember = alias(members, 'place_member');

/** The first segment of a name that has several; null for a name without `/`. */
const firstSegment = (name: string): string | null => (name.includes('/') ? name.slice(0, name.indexOf('/')) : null);

/** In a project, no segment may be empty, `.` or `..`: programs make paths and variables of them. */
const isBadSegment = (segment: string) => segment === '' || segment === '.' || segment === '..';

export const placeValues = (name: string): Values<(typeof placeParams)[number]> => {
  const likeness = keyLikeness(name);
  return {
    place: firstSegment(name),
    // A name that only looks as if it were in a project must not tell what is in there. SQL cannot fold Unicode.
    place_likeness: firstSegment(likeness),
    // Also where it only looks so: some programs fold what they are given.
    has_bad_segment: Number([name, likeness].some((text) => text.split('/').slice(1).some(isBadSegment))),
  };
};

export const placeJoins = ({ place_likeness }: GivenPlace): Join[] => [
  { table: place, on: eq(place.key_likeness, place_likeness) },
  { table: placeMember, on: and(eq(placeMember.project_id, place.id), eq(placeMember.user_id, principal.id)) },
];

const isInProject = isNotNull(place.id);
const onlyOwn = reachesOwn('secret.create');

/** The principal's role there. A token of a project has one that no row says. */
const placeRole = byForm(
  sql`${placeMember.role}`,
  () => sql`coalesce(${placeMember.role}, iif(${token.projectId} = ${place.id}, ${roleOfAccess(token.access)}, null))`,
);

/**
 * Who may place a secret of this name there. They come before every rule about the name, so that a taken and a free one answer the
 * same. A token of a project has no personal keys.
 */
export const placeRules = (given: GivenPlace & Given<'name'>): Rule[] => [
  ...scopeRule(() => isInScopes(given.name), 'outside_scopes'),
  ...projectRules(given),
];

/** Those about the project, for what has a place and is no secret. */
export const projectRules = (given: GivenPlace): Rule[] => [
  {
    when: sql`${token.projectId} is not null and ${place.id} is not ${token.projectId}`,
    outcome: 'denied',
    reason: 'outside_scopes',
    isForTokens: true,
  },
  {
    // Counted with the names of others that one hits upon: see `tooManyConflicts`.
    when: sql`${onlyOwn} and ${isInProject} and ${isNull(placeRole)}`,
    outcome: 'not_found',
    reason: 'name_held',
  },
  {
    when: sql`${onlyOwn} and ${isInProject} and not ${memberMay('secret.create', placeRole)}`,
    outcome: 'denied',
    reason: 'project_role',
  },
  { when: sql`${isInProject} and ${place.name} is not ${given.place}`, outcome: 'conflict', reason: 'name_taken' },
  { when: sql`${isInProject} and ${given.has_bad_segment}`, outcome: 'invalid', reason: 'bad_segment' },
];

/** The place of the name that a row of `table` has, as `placeValues` computes it of a name that is given. */
export const placeOfName = ({ name, likeness }: Record<'name' | 'likeness', SQLWrapper>): GivenPlace => {
  const first = (text: SQLWrapper) => sql`iif(instr(${text}, '/'), substr(${text}, 1, instr(${text}, '/') - 1), null)`;
  const isBad = (text: SQLWrapper) => {
    const rest = sql`substr(${text}, instr(${text}, '/')) || '/'`;
    return sql`(instr(${text}, '/') and (instr(${rest}, '//') or instr(${rest}, '/./') or instr(${rest}, '/../')))`;
  };
  return {
    place: first(name),
    place_likeness: first(likeness),
    has_bad_segment: sql`(${isBad(name)} or ${isBad(likeness)})`,
  };
};

/** The id of that project, or null, for effects. */
export const placeId = ({ place: name }: Pick<GivenPlace, 'place'>): SQL =>
  sql`${query.select({ id: projects.id }).from(projects).where(eq(projects.name, name))}`;
