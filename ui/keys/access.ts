/** Who reaches a key, and why. */
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { Member, Token } from '../api/wire.ts';
import { Content } from '../parts/state.ts';
import { href } from '../shell/router.ts';
import { reaching } from './access-of-tokens.ts';
import type { KeyRow } from './order.ts';

interface Props {
  row: KeyRow;
  isAdmin: boolean;
}

interface Access {
  members: readonly Member[];
  /** Null for those who do not know who they are. */
  admins: readonly string[] | null;
  tokens: readonly Token[];
}

const fetchMembers = (project: string): Promise<Member[]> =>
  fetchAll(async (after) => {
    const { members, next } = await api.project(project, after);
    return { items: members, next };
  });

const fetchTokens = (): Promise<Token[]> =>
  fetchAll(async (before) => {
    const { tokens, next } = await api.tokens(before);
    return { items: tokens, next: next === undefined ? undefined : String(next) };
  });

const fetchAdmins = async (): Promise<string[]> => {
  const users = await fetchAll(async (after) => {
    const { users: items, next } = await api.users(Number(after));
    return { items, next: next === undefined ? undefined : String(next) };
  });
  return users.filter(({ role, is_active }) => is_active && role === 'admin').map(({ username }) => username);
};

const fetchAccess = async (row: KeyRow, isAdmin: boolean): Promise<Access> => {
  const [members, admins, tokens] = await Promise.all([
    row.project === null ? [] : fetchMembers(row.project),
    isAdmin ? fetchAdmins() : null,
    fetchTokens(),
  ]);
  const people = [row.owner ?? '', ...members.map(({ user_name }) => user_name), ...(admins ?? [])];
  return { members, admins, tokens: reaching(row, tokens, people) };
};

export const WhoHasAccess = ({ row, isAdmin }: Props) => {
  const access = useMemo(() => loaded(() => fetchAccess(row, isAdmin)), [row.name]);
  return html`
    <${Content} of=${access} failure="Could not load who has access" waiting="Loading who has access…">
      ${({ members, admins, tokens }: Access) => html`
        <ul class="access">
          ${row.owner !== null && html`<${Line} name=${row.owner} why="owner of this personal key" />`}
          ${members.map(({ user_name, role }) => html`<${Line} key=${user_name} name=${user_name} why="${role} of ${row.project}" />`)}
          ${admins ? admins.map((name) => html`<${Line} key=${`admin ${name}`} name=${name} why="admin, reaches every key" />`) : html`<${Line} name="Admins" why="reach every key" />`}
          ${tokens.map((token) => html`<${Line} key=${token.id} name="Token ${token.name}" why=${whyOf(token)} />`)}
        </ul>
        <p class="note">
          Viewers read, editors and managers also change.
          Of <a href=${href('tokens')}>service tokens</a> those are listed that you may see.
          ${row.project !== null && html` <a href=${href('projects', { view: 'members' }, row.project)}>Members of ${shown(row.project)}</a>`}
        </p>
      `}
    <//>
  `;
};

const whyOf = ({ access, owner, project, scopes }: Token) =>
  `${access}, of ${project === null ? owner : `the project ${project}`}, by the scope ${scopes.join(', ')}`;

const Line = ({ name, why }: { name: string; why: string }) => html`
  <li class="access-line ends"><bdi class="verbatim">${shown(name)}</bdi><span class="note">${shown(why)}</span></li>
`;
