/** The fields of a key beside its value: when it expires, how often it is rotated, its labels. They are folded until needed. */
import { html } from 'htm/preact';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import type { Draft } from './draft.ts';

interface Props {
  draft: Draft;
  isOpen: boolean;
  errorAt: (name: 'expires_at' | 'rotate_every_days' | 'labels') => string | null;
  onEdit: (fields: Partial<Draft>) => void;
}

export const Details = ({ draft, isOpen, errorAt, onEdit }: Props) => html`
  <details class="more" open=${isOpen}>
    <summary>Expiry, rotation and labels</summary>
    <div class="more-body stack">
      <div class="pair">
        <${Field} label="Expires on" hint="Empty for never. A reminder: the key goes on working." error=${errorAt('expires_at')}>
          ${(field: object) => html`<input
            ...${field} ...${unmanaged} type="date" name="expires" value=${draft.expires}
            onInput=${(event: Event) => onEdit({ expires: typed(event) })}
          />`}
        <//>
        <${Field} label="Rotate every … days" hint="Empty for never. Counted from the last new value." error=${errorAt('rotate_every_days')}>
          ${(field: object) => html`<input
            ...${field} ...${unmanaged} name="rotate" inputmode="numeric" value=${draft.rotate}
            onInput=${(event: Event) => onEdit({ rotate: typed(event) })}
          />`}
        <//>
      </div>
      <${Field} label="Labels" hint="Such as env:prod, team:web. Search finds them. Not encrypted." error=${errorAt('labels')}>
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="labels" autocapitalize="none" spellcheck=${false} value=${draft.labels}
          onInput=${(event: Event) => onEdit({ labels: typed(event) })}
        />`}
      <//>
    </div>
  </details>
`;
