/** Writes the log, as it is filtered, to a file. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { basePath } from '../api/client.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { Segmented } from '../parts/segmented.ts';
import { useTask } from '../parts/task.ts';
import type { LogsModel } from './model.ts';

const formats = [
  { value: 'jsonl', text: 'JSON Lines' },
  { value: 'csv', text: 'CSV' },
] as const;
type Format = (typeof formats)[number]['value'];

export const ExportDialog = ({ model, onClose }: { model: LogsModel; onClose: () => void }) => {
  const task = useTask();
  const format = useSignal<Format>('jsonl');
  const isFiltered = model.filters.value !== '{}';
  const download = async () => {
    const asked = JSON.parse(model.filters.value) as Record<string, string>;
    const link = document.createElement('a');
    link.href = `${basePath}/logs/export?${new URLSearchParams({ format: format.value, ...asked })}`;
    link.download = '';
    link.click();
    onClose();
  };
  return html`
    <${FormDialog} title="Export the log" action="Download" task=${task} problem=${null} onSubmit=${download} onClose=${onClose}>
      <p class="soft">
        ${isFiltered ? 'All entries that match the filters' : 'All entries'}, routine ones too. The export is an entry of the log
        itself.
      </p>
      <${Segmented} label="Format" value=${format.value} choices=${formats} onChange=${(next: Format) => (format.value = next)} />
    <//>
  `;
};
