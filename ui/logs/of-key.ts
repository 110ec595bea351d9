/** What happened last to one key, for its page. */
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { Content } from '../parts/state.ts';
import { href } from '../shell/router.ts';
import { Entry } from './entry.ts';
import { search } from './search.ts';

const maxShown = 10;

interface Found {
  entries: readonly LogEntry[];
  /** Whether there may be older ones. */
  isPart: boolean;
}

/** The filter of the log also finds longer names. */
const fetchAbout = async (name: string): Promise<Found> => {
  const { entries, next } = await search({ key_name: name }, null);
  const about = entries.filter(({ target }) => target === name);
  return { entries: about.slice(0, maxShown), isPart: next !== null || about.length > maxShown };
};

export const KeyActivity = ({ name, isAdmin }: { name: string; isAdmin: boolean }) => {
  const found = useMemo(() => loaded(() => fetchAbout(name)), [name]);
  return html`
    <${Content} of=${found} failure="Could not load the activity" waiting="Loading the activity…">
      ${({ entries, isPart }: Found) => html`
        ${entries.length > 0 && html`<ol class="logs" aria-label="What happened to this key, newest first">${entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>`}
        <p class="note">
          ${entries.length === 0 && (isPart ? 'Nothing in the newest part of the log. ' : 'Nothing so far. ')}
          ${!isAdmin && 'You see what you and your tokens did. '}
          <a href=${href('logs', { key: name })}>All in the access log</a>
        </p>
      `}
    <//>
  `;
};
