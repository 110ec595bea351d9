/** What happened last to one key, or in one project, for its page. */
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { Content } from '../parts/state.ts';
import { href } from '../shell/router.ts';
import { Entry } from './entry.ts';
import { isRoutine } from './groups.ts';
import { type Asked, type Found, search } from './search.ts';

interface Props {
  isAdmin: boolean;
  /** Finds the entries, the newest first. */
  find: () => Promise<Found>;
  maxShown: number;
  /** Classes of the list. */
  look?: string;
  /** Of the link to the log. */
  filters: Asked;
  /** What the entries are about: it stands after "what happened". */
  about: string;
}

const Activity = ({ isAdmin, find, maxShown, look = '', filters, about }: Props) => {
  const found = useMemo(() => loaded(find), [about]);
  return html`
    <${Content} of=${found} failure="Could not load the activity" waiting="Loading the activity…">
      ${({ entries, next }: Found) => html`
        ${entries.length > 0 && html`<ol class="logs ${look}" aria-label="What happened ${about}, newest first">${entries.slice(0, maxShown).map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>`}
        <p class="note">
          ${entries.length === 0 && (next === null ? 'Nothing so far. ' : 'Nothing in the newest part of the log. ')}
          ${!isAdmin && 'You see what you and your tokens did. '}
          <a href=${href('logs', filters)}>All in the access log</a>
        </p>
      `}
    <//>
  `;
};

/** The filter of the log also finds longer names. */
const fetchAboutKey = async (name: string): Promise<Found> => {
  const { entries, next } = await search({ key_name: name }, null);
  return { entries: entries.filter(({ target }) => target === name), next };
};

export const KeyActivity = ({ name, isAdmin }: { name: string; isAdmin: boolean }) =>
  html`<${Activity} isAdmin=${isAdmin} find=${() => fetchAboutKey(name)} maxShown=${10} filters=${{ key: name }} about="to this key" />`;

/** Looking at a project is not news about it. */
const fetchInProject = async (project: string): Promise<Found> => {
  const isNews = (entry: LogEntry) => !isRoutine(entry);
  const { entries, next } = await search({ project }, null, isNews);
  return { entries: entries.filter(isNews), next };
};

export const ProjectActivity = ({ name, isAdmin }: { name: string; isAdmin: boolean }) =>
  html`<${Activity} isAdmin=${isAdmin} find=${() => fetchInProject(name)} maxShown=${20} look="panel" filters=${{ project: name }} about="in ${name}" />`;
