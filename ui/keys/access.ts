/** Who could read a key now, and why. The vault tells its owner, the managers of its project and admins; others know the members. */
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { api } from '../api/client.ts';
import { type Loaded, loaded } from '../api/loaded.ts';
import { fetchAll } from '../api/paged.ts';
import type { KeyReaders, Member } from '../api/wire.ts';
import { Content } from '../parts/state.ts';
import { href } from '../shell/router.ts';
import type { KeyRow } from './order.ts';

type Able = KeyReaders['able'][number];

/** @param readers null for those whom the vault does not tell. */
export const WhoHasAccess = ({ row, readers }: { row: KeyRow; readers: Loaded<KeyReaders> | null }) => html`
  ${
    readers
      ? html`<${Content} of=${readers} failure="Could not load who has access" waiting="Loading who has access…">
          ${({ able }: KeyReaders) => html`<${Lines} lines=${able.map((one): Why => [nameOf(one), whyOf(one, row)])} />`}
        <//>`
      : html`<${MembersOnly} project=${row.project ?? ''} />`
  }
  <p class="note">
    Viewers read, editors and managers also change.${!readers && ' Which service tokens reach it, managers and admins see.'}
    ${row.project !== null && html` <a href=${href('projects', { view: 'members' }, row.project)}>Members of ${shown(row.project)}</a>`}
  </p>
`;

const nameOf = ({ user_name, token }: Able) => (token === null ? user_name : `Token ${token}`);

const whyOf = ({ user_name, why, access }: Able, { project }: KeyRow): string => {
  switch (why) {
    case 'owner':
      return 'owner of this personal key';
    case 'admin':
      return 'admin, reaches every key';
    case 'token':
      return `${access}, of ${user_name}, by its scopes`;
    case 'project_token':
      return `${access}, of the project ${user_name}, by its scopes`;
    default:
      return `${why} of ${project}`;
  }
};

const fetchMembers = (project: string): Promise<Member[]> =>
  fetchAll(async (after) => {
    const { members, next } = await api.project(project, after);
    return { items: members, next };
  });

const MembersOnly = ({ project }: { project: string }) => {
  const found = useMemo(() => loaded(() => fetchMembers(project)), [project]);
  return html`
    <${Content} of=${found} failure="Could not load who has access" waiting="Loading who has access…">
      ${(members: Member[]) => html`<${Lines} lines=${[...members.map(({ user_name, role }): Why => [user_name, `${role} of ${project}`]), ['Admins', 'reach every key']]} />`}
    <//>
  `;
};

type Why = [name: string, why: string];

const Lines = ({ lines }: { lines: readonly Why[] }) => html`
  <ul class="access">
    ${lines.map(([name, why]) => html`<li key=${`${name} ${why}`} class="access-line ends"><bdi class="verbatim">${shown(name)}</bdi><span class="note">${shown(why)}</span></li>`)}
  </ul>
`;
