/** Writes the log, as it is filtered, to a file. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { basePath } from '../api/client.ts';
import { Button } from '../parts/button.ts';
import { Dialog } from '../parts/dialog.ts';
import { Icon } from '../parts/icon.ts';
import { Segmented } from '../parts/segmented.ts';
import type { LogsModel } from './model.ts';

const formats = [
  { value: 'jsonl', text: 'JSON Lines' },
  { value: 'csv', text: 'CSV' },
] as const;
type Format = (typeof formats)[number]['value'];

export const ExportDialog = ({ model, onClose }: { model: LogsModel; onClose: () => void }) => {
  const format = useSignal<Format>('jsonl');
  const asked = JSON.parse(model.filters.value) as Record<string, string>;
  const isFiltered = model.filters.value !== '{}';
  const query = new URLSearchParams({ format: format.value, ...asked });
  return html`
    <${Dialog} title="Export the log" onClose=${onClose}>
      <div class="stack">
        <p class="soft">
          ${isFiltered ? 'All entries that match the filters' : 'All entries'}, routine ones too, the newest first.
          The export is an entry of the log itself.
        </p>
        <${Segmented} label="Format" value=${format.value} choices=${formats} onChange=${(next: Format) => (format.value = next)} />
        <div class="dialog-actions">
          <${Button} onClick=${onClose}>Cancel<//>
          <a class="button primary" href="${basePath}/logs/export?${query}" download onClick=${() => setTimeout(onClose)}><${Icon} name="down" size=${18} /><span>Download</span></a>
        </div>
      </div>
    <//>
  `;
};
