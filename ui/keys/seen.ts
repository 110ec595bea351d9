/** Who has read the value of a key, by the log. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { Loaded } from '../api/loaded.ts';
import type { KeyReaders } from '../api/wire.ts';
import { Content } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';

type Seen = KeyReaders['seen'][number];

export const WhoHasSeen = ({ readers }: { readers: Loaded<KeyReaders> }) => html`
  <${Content} of=${readers} failure="Could not load who has seen it" waiting="Loading who has seen it…">
    ${({ seen, more }: KeyReaders) => html`
      <ul class="access">${seen.map((one) => html`<${Line} key=${`${one.user_name} ${one.token_id}`} one=${one} />`)}</ul>
      <p class="note">
        ${seen.length === 0 ? 'Nobody has read it. ' : more ? 'And more. ' : ''}
        Who looked at a backup, or at a copy that somebody made, the log does not know.
      </p>
    `}
  <//>
`;

const Line = ({ one }: { one: Seen }) => html`
  <li class="access-line ends">
    <bdi class="verbatim">${shown(one.token === null ? one.user_name : `${one.user_name}, token ${one.token}`)}</bdi>
    <span class="note">${howOf(one)}${timesOf(one) > 0 && html`, last <${Ago} time=${one.last_at} />`}${!one.has_read_current && timesOf(one) > 0 && ', an earlier value'}</span>
  </li>
`;

const timesOf = ({ reveal, copy, api: alone, bulk, unknown }: Seen) => reveal + copy + alone + bulk + unknown;

const ways: readonly (readonly [keyof Seen, string])[] = [
  ['reveal', 'revealed'],
  ['copy', 'copied'],
  ['api', 'read by a program'],
  ['bulk', 'read with others'],
  ['unknown', 'read'],
];

const howOf = (one: Seen): string => {
  const read = ways.flatMap(([way, did]) =>
    one[way] ? [`${did} ${one[way] === 1 ? 'once' : `${one[way]} times`}`] : [],
  );
  return [...(one.stored ? ['stored or changed it'] : []), ...read].join(', ');
};
