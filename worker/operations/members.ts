/** The members of a project and their roles. */
import { and, eq, exists, isNull, ne, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { ProjectRole } from '../../core/policy/policy.ts';
import { actorName, granted } from '../store/granted.ts';
import { type Join, principal } from '../store/principal.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { members, projects, users } from '../store/schema.ts';
import { futureRow } from '../store/sealed.ts';
import { insertFrom, type Param, type Params, query } from '../store/statement.ts';
import { projectNamed, reachesOwn, type Target, targetProject } from '../store/targets.ts';
import { operation } from './operation.ts';

/** The person that a change is about, and what they are in the project so far. */
const person = alias(users, 'person');
const seat = alias(members, 'seat');

const personJoins = (userName: Param): Join[] => [
  { table: person, on: eq(person.name, userName) },
  { table: seat, on: and(eq(seat.project_id, targetProject.id), eq(seat.user_id, person.id)) },
];

type Found = NonNullable<Target['found']>;

const memberOf = (
  action: 'member.set' | 'member.remove',
  given: Params<'name' | 'user_name'>,
  isAllowed: (byRole: SQL) => SQL = (byRole) => byRole,
): Target => {
  const target = projectNamed(action, given.name);
  const found = target.found as Required<Found>;
  return {
    name: target.name,
    joins: [...(target.joins ?? []), ...personJoins(given.user_name)],
    found: { ...found, isAllowed: isAllowed(found.isAllowed) },
  };
};

const otherSeat = alias(members, 'other');
const otherUser = alias(users, 'other_user');

/** Whether somebody else can manage the project: a manager whose account is active. */
const hasOtherManager = exists(
  query
    .select({ id: otherUser.id })
    .from(otherSeat)
    .innerJoin(otherUser, eq(otherUser.id, otherSeat.user_id))
    .where(
      and(
        eq(otherSeat.project_id, targetProject.id),
        eq(otherSeat.role, 'manager'),
        ne(otherSeat.user_id, person.id),
        eq(otherUser.is_active, 1),
      ),
    ),
);

/** Holds if the person is the only active manager, and the change ends that. An admin may do it all the same. */
const leavesNoManager = (action: 'member.set' | 'member.remove', ends: SQL): Rule => ({
  when: sql`${reachesOwn(action)} and ${seat.role} = 'manager' and ${person.is_active} and ${ends} and not ${hasOtherManager}`,
  outcome: 'invalid',
  reason: 'last_manager',
});

const noSuchUser: Rule = { when: isNull(person.id), outcome: 'not_found', reason: 'no_user' };

export interface MemberName {
  name: string;
  user_name: string;
}

/** Adds a member, or changes the role of one. */
export const setMember = operation({
  action: 'member.set',
  params: ['name', 'user_name', 'role'],
  needsRoom: () => true,
  sql: (given) => ({
    target: memberOf('member.set', given),
    detail: sql`${person.name} || iif(${seat.role} <> ${given.role}, ': ' || ${seat.role} || ' to ', ': ') || ${given.role}`,
    touched: sql`json_array(${futureRow(
      'members',
      [sql`${targetProject.id}`, sql`${person.id}`],
      [sql`${targetProject.id}`, sql`${person.id}`, given.role],
    )})`,
    seals: ['members'],
    rules: [noSuchUser, leavesNoManager('member.set', sql`${given.role} <> 'manager'`)],
    effects: [
      insertFrom(
        members,
        {
          project_id: sql`${query.select({ id: projects.id }).from(projects).where(eq(projects.name, given.name))}`,
          user_id: users.id,
          role: given.role,
          added_at: request.now,
          added_by: actorName,
        },
        users,
        and(eq(users.name, given.user_name), granted),
      ).onConflictDoUpdate({
        target: [members.project_id, members.user_id],
        set: { role: given.role },
      }),
    ],
  }),
  values: ({ name, user_name, role }: MemberName & { role: ProjectRole }) => ({ name, user_name, role }),
});

/** Removes a member. Everybody may leave. */
export const removeMember = operation({
  action: 'member.remove',
  params: ['name', 'user_name'],
  sql: (given) => ({
    target: memberOf('member.remove', given, (byRole) => sql`(${byRole} or ${person.id} is ${principal.id})`),
    detail: sql`${person.name} || ': ' || ${seat.role}`,
    rules: [
      { when: isNull(seat.role), outcome: 'not_found', reason: 'no_member' },
      leavesNoManager('member.remove', sql`true`),
    ],
    effects: [
      query
        .delete(members)
        .where(
          and(
            eq(
              members.project_id,
              sql`${query.select({ id: projects.id }).from(projects).where(eq(projects.name, given.name))}`,
            ),
            eq(
              members.user_id,
              sql`${query.select({ id: users.id }).from(users).where(eq(users.name, given.user_name))}`,
            ),
            granted,
          ),
        ),
    ],
  }),
  values: ({ name, user_name }: MemberName) => ({ name, user_name }),
});
