/** When somebody leaves: the keys whose values they know, to be worked off, and printed. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useMemo } from 'preact/hooks';
import { shown } from '../../core/text.ts';
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';
import type { Exposure, ExposureMark } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { PageHead } from '../parts/page-head.ts';
import { Blank, Content } from '../parts/state.ts';
import { Ago } from '../parts/time.ts';
import { complain } from '../parts/toast.ts';
import { href } from '../shell/router.ts';

type Known = Exposure['keys'][number];
type Marking = (key: Known, mark: ExposureMark) => Promise<void>;

/** The id, or the name, in the address `#/users/7/leaving`; null if it is another one. */
export const leaverIn = (item: string): string | null => /^(.+)\/leaving$/s.exec(item)?.[1] ?? null;

export const LeavingPage = ({ who }: { who: string }) => {
  const found = useMemo(() => loaded(() => api.exposure(who)), [who]);
  const missing = html`<${Blank} icon="search" title="Nobody of that name"><p>Neither an account nor the log has <strong class="verbatim">${shown(who)}</strong>.</p><//>`;
  return html`
    <${Content} of=${found} failure="Could not load what they have read" waiting="Looking through the log…" missing=${missing}>
      ${(exposure: Exposure) => html`<${Found} exposure=${exposure} reload=${found.load} />`}
    <//>
  `;
};

const accounts = {
  active: 'Their account still works: deactivate or delete it first, or the list may grow.',
  inactive: 'Their account is deactivated.',
  deleted: 'Their account is deleted.',
};

const Found = ({ exposure, reload }: { exposure: Exposure; reload: () => Promise<unknown> }) => {
  const { user_id, user_name, account, keys, project_tokens, more } = exposure;
  const busy = useSignal(0);
  const mark: Marking = async (key, as) => {
    busy.value = key.id;
    try {
      await api.markExposure(user_id, key.id, as);
      await reload();
    } catch (problem) {
      complain(problem);
    }
    busy.value = 0;
  };
  const open = keys.filter(({ state, mark: done }) => state === 'open' && done === null);
  const groups = [
    ['To do: they know the current value', open],
    ['Expired since', keys.filter(({ state, mark: done }) => state === 'expired' && done === null)],
    [
      'Deleted: the value may still work where it came from',
      keys.filter(({ state, mark: done }) => (state === 'trash' || state === 'destroyed') && done === null),
    ],
    ['Ticked off', keys.filter(({ mark: done }) => done !== null)],
    ['Changed since they read it', keys.filter(({ state, mark: done }) => state === 'changed' && done === null)],
  ] as const;
  return html`
    <${PageHead}
      title="When ${shown(user_name)} leaves"
      lead="${open.length === 0 ? 'Nothing is left to do.' : `${open.length} of ${keys.length} keys are to be replaced.`} ${accounts[account]}"
    >
      <${Button} onClick=${() => print()}>Print<//>
    <//>
    ${groups.map(([title, some]) => some.length > 0 && html`<${Group} key=${title} title=${title} keys=${some} mark=${mark} busy=${busy.value} />`)}
    ${
      project_tokens.length > 0 &&
      html`
        <section class="panel leaving">
          <h2>Tokens of projects that they made, and so have seen</h2>
          <ul class="access">
            ${project_tokens.map(
              ({ id, name, project, secret_made_at }) => html`
              <li key=${id} class="access-line ends"><bdi class="verbatim">${shown(name)}</bdi><span class="note">of ${shown(project)}, secret made <${Ago} time=${secret_made_at} /></span></li>
            `,
            )}
          </ul>
          <p class="note"><a href=${href('tokens')}>Rotate them</a> under Tokens.</p>
        </section>
      `
    }
    <p class="note">
      By the log: what they or their service tokens read, and what they stored.${more ? ' There are more keys than are shown. ' : ' '}
      It does not know of backups, nor of what somebody showed them. Each tick is an entry of the log.
    </p>
  `;
};

const Group = ({
  title,
  keys,
  mark,
  busy,
}: {
  title: string;
  keys: readonly Known[];
  mark: Marking;
  busy: number;
}) => html`
  <section class="panel leaving">
    <h2>${title} <span class="soft">${keys.length}</span></h2>
    <ul class="access">${keys.map((key) => html`<${Line} key=${key.id} known=${key} mark=${mark} isBusy=${busy === key.id} />`)}</ul>
  </section>
`;

const Line = ({ known, mark, isBusy }: { known: Known; mark: Marking; isBusy: boolean }) => html`
  <li class="access-line ends">
    <span>
      <span class="on-paper">${known.mark || known.state === 'changed' ? '☑ ' : '☐ '}</span>
      ${
        known.state === 'trash' || known.state === 'destroyed'
          ? html`<bdi class="verbatim">${shown(known.key_name)}</bdi>`
          : html`<a class="verbatim" href=${href('keys', {}, known.key_name)}><bdi>${shown(known.key_name)}</bdi></a>`
      }
      ${' '}<span class="note">${usesOf(known)}</span>
    </span>
    ${
      known.mark
        ? html`<span class="note row"><span>${known.mark.as === 'rotated' ? 'Rotated' : 'Not needed'}, says ${shown(known.mark.by ?? '')} <${Ago} time=${known.mark.at} /></span>
            <span class="page-actions"><${Button} kind="quiet" disabled=${isBusy} aria-label="Take back: ${known.key_name}" onClick=${() => mark(known, 'open')}>Take back<//></span></span>`
        : known.state !== 'changed' &&
          html`<span class="page-actions row">
            <${Button} disabled=${isBusy} aria-label="Rotated: ${known.key_name}" onClick=${() => mark(known, 'rotated')}>Rotated<//>
            <${Button} kind="quiet" disabled=${isBusy} aria-label="Not needed: ${known.key_name}" onClick=${() => mark(known, 'not_needed')}>Not needed<//>
          </span>`
    }
  </li>
`;

const usesOf = ({ count, read_last_at, tokens, stored, state }: Known) => html`
  ${stored && 'stored the current value'}${stored && count > 0 && ', '}
  ${count > 0 && html`read ${count === 1 ? 'once' : `${count} times`}, last ${read_last_at && html`<${Ago} time=${read_last_at} />`}`}
  ${tokens.length > 0 && `, with ${tokens.map((token: string) => `the token ${shown(token)}`).join(', ')}`}
  ${state === 'trash' && ', in the trash'}${state === 'destroyed' && ', destroyed'}
`;
