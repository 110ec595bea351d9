/** The projects in the sidebar. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { href } from '../shell/router.ts';
import type { ProjectsModel } from './model.ts';

export const SideProjects = ({
  model,
  counts,
}: {
  model: ProjectsModel;
  counts: ReadonlyMap<string, number> | null;
}) => {
  const projects = model.list.answer.value ?? [];
  if (projects.length === 0) return null;
  return html`
    <ul class="side-projects" aria-label="Your projects">
      ${projects.map(({ name, key_count }) => {
        const count = counts ? (counts.get(name) ?? 0) : key_count;
        return html`
          <li key=${name}>
            <a class="side-project row ends" href=${href('projects', {}, name)} aria-current=${model.chosen.value === name ? 'page' : undefined}>
              <bdi class="cut" title=${shown(name)}>${shown(name)}</bdi>
              <small class="soft">${count.toLocaleString()}<span class="unseen"> ${count === 1 ? 'key' : 'keys'}</span></small>
            </a>
          </li>
        `;
      })}
    </ul>
  `;
};
