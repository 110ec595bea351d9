/** `keystore projects`: projects and their members. */

import { usageFailure } from '../terminal/failure.ts';
import { printable, say, sayJson, sayTable, shownTime } from '../terminal/output.ts';
import { openVault, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

interface Project {
  name: string;
  description: string;
  role: string;
  key_count: number;
  member_count: number;
}

interface Member {
  user_name: string;
  role: string;
  added_at: string;
}

type Action = (vault: Vault, given: Given) => Promise<void>;

/** Each with the arguments that stand behind its name. */
const actions: Record<string, { takes: number; act: Action }> = {
  ls: { takes: 0, act: list },
  show: { takes: 1, act: show },
  create: { takes: 1, act: create },
  member: { takes: 3, act: setMember },
  'remove-member': { takes: 2, act: removeMember },
  rm: { takes: 1, act: remove },
};

export async function run(given: Given): Promise<undefined> {
  const name = given.argument(0) || 'ls';
  const action = actions[name];
  if (
    action === undefined ||
    given.positionals.length > action.takes + 1 ||
    (given.argument(action.takes) === '' && action.takes > 0)
  ) {
    throw usageFailure(
      `keystore projects ${name} lacks an argument, or has one too many. See: keystore projects --help`,
    );
  }
  await action.act(openVault(), given);
}

async function list(vault: Vault, given: Given): Promise<void> {
  const projects: Project[] = [];
  let after: string | undefined;
  do {
    const { body } = await vault.ask<{ projects: Project[]; next?: string }>('GET', '/projects', { query: { after } });
    projects.push(...body.projects);
    after = body.next;
  } while (after !== undefined);
  if (given.json) sayJson({ projects });
  else {
    sayTable(
      ['NAME', 'ROLE', 'KEYS', 'MEMBERS', 'DESCRIPTION'],
      projects.map((each) => [
        each.name,
        each.role,
        String(each.key_count),
        String(each.member_count),
        each.description,
      ]),
    );
  }
}

async function show(vault: Vault, given: Given): Promise<void> {
  const path = pathOf(given.argument(1));
  const members: Member[] = [];
  let project: Project | undefined;
  let after: string | undefined;
  do {
    const { body } = await vault.ask<Project & { members: Member[]; next?: string }>('GET', path, { query: { after } });
    project ??= body;
    members.push(...body.members);
    after = body.next;
  } while (after !== undefined);
  if (given.json) sayJson({ ...project, members, next: undefined });
  else {
    say(`${printable(project.name)}: ${project.key_count} keys. ${printable(project.description)}`.trimEnd());
    sayTable(
      ['MEMBER', 'ROLE', 'SINCE'],
      members.map(({ user_name: user, role, added_at: since }) => [user, role, shownTime(since)]),
    );
  }
}

async function create(vault: Vault, given: Given): Promise<void> {
  const [name, description] = [given.argument(1), given.text('description')];
  const body = { name, ...(description === undefined ? {} : { description }) };
  const answer = await vault.change<object>('/projects', { body });
  if (given.json) sayJson(answer.body);
  else say(`Made the project ${name}.`);
}

async function setMember(vault: Vault, given: Given): Promise<void> {
  const [, project = '', user = '', role = ''] = given.positionals;
  await finish(vault, given, 'PUT', memberPath(project, user), `${user} is ${role} of ${project} now.`, { role });
}

async function removeMember(vault: Vault, given: Given): Promise<void> {
  const [, project = '', user = ''] = given.positionals;
  await finish(vault, given, 'DELETE', memberPath(project, user), `${user} is no longer a member of ${project}.`);
}

async function remove(vault: Vault, given: Given): Promise<void> {
  const name = given.argument(1);
  await finish(vault, given, 'DELETE', pathOf(name), `Deleted the project ${name}.`);
}

async function finish(
  vault: Vault,
  given: Given,
  method: string,
  path: string,
  said: string,
  body?: unknown,
): Promise<void> {
  const answer = await vault.ask<object>(method, path, body === undefined ? {} : { body });
  if (given.json) sayJson(answer.body);
  else say(said);
}

function pathOf(project: string): string {
  return `/projects/${encodeURIComponent(project)}`;
}

function memberPath(project: string, user: string): string {
  return `${pathOf(project)}/members/${encodeURIComponent(user)}`;
}
