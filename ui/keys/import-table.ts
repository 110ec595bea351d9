/** The entries of an import: which are taken, and what the vault says of each. */
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import type { ImportState } from '../api/wire.ts';
import type { ImportModel } from './import-model.ts';
import { sameValueText } from './same-value.ts';

const stateText: Record<ImportState, string> = {
  new: 'new',
  changed: 'replaces another value',
  same: 'same value',
  conflict: 'in the way',
  invalid: 'not possible',
};

export const ImportTable = ({ imports }: { imports: ImportModel }) => {
  const { entries, skipped } = imports.found.value.file ?? { entries: [], skipped: [] };
  return html`
    <div class="import-table well" tabindex=${0} role="group" aria-label="What is in it">
      <ul>
        ${entries.map(({ name, where }, index) => {
          const found = imports.states.value?.get(name);
          const takes = found === undefined || found.state === 'new' || found.state === 'changed';
          return html`
            <li key=${`${where} ${index}`} class="import-entry">
              <label class="check">
                <input
                  type="checkbox" disabled=${!takes} checked=${takes && !imports.left.value.has(name)}
                  onChange=${() => imports.toggle(name)}
                />
                <span class="verbatim">${shown(imports.under.value + name)}</span>
              </label>
              <span class="note import-state ${found?.state ?? ''}">${found ? (found.reason ?? stateText[found.state]) : where}${found?.same_value_as && html`<span class="verbatim">, ${shown(sameValueText(found.same_value_as))}</span>`}</span>
            </li>
          `;
        })}
        ${skipped.map(
          ({ where, name, reason }, index) => html`
            <li key=${`skipped ${index}`} class="import-entry soft">
              <span class="verbatim">${shown(name || where)}</span><span class="note">${name && `${where}: `}${reason}</span>
            </li>
          `,
        )}
      </ul>
    </div>
  `;
};
