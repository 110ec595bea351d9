/** The dialog that takes many keys at once: from an .env file, from JSON, or from the CSV export of another product. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { readImport } from '../../core/import/read.ts';
import { shown } from '../../core/text.ts';
import { Button } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import { counted, type ImportModel, maxEntries } from './import-model.ts';
import { ImportTable } from './import-table.ts';
import type { KeysModel } from './model.ts';

interface Props {
  title: string;
  model: KeysModel;
  onClose: () => void;
}

export const ImportKeys = ({ title, model, onClose }: Props) => {
  const { imports } = model;
  const task = useTask();
  const entries = imports.found.value.file?.entries ?? [];
  const isChecked = imports.states.value !== null;
  const isTooMany = entries.length > maxEntries;

  const submit = async () => {
    if (isChecked) await apply(model, onClose);
    else await imports.preview();
  };
  const action = isChecked ? actionText(imports) : 'Check';
  const isReady = isChecked ? imports.chosen.value.length > 0 : entries.length > 0 && !isTooMany;
  return html`
    <${FormDialog}
      title=${title} action=${action} isDisabled=${!isReady} task=${task} problem=${task.problem.value?.message ?? null}
      isTyped=${imports.isTyped.value} onSubmit=${submit} onClose=${onClose}
    >
      <${Source} imports=${imports} onEdited=${() => (task.problem.value = null)} />
      <${Prefix} imports=${imports} onEdited=${() => (task.problem.value = null)} />
      ${isTooMany && html`<p class="warning" role="status">These are ${entries.length.toLocaleString()} keys. One import takes ${maxEntries.toLocaleString()}: divide the file.</p>`}
      ${entries.length > 0 && html`<${ImportTable} imports=${imports} />`}
      <p class="note" role="status">${summary(imports)}</p>
    <//>
  `;
};

/** What the button does, in numbers. */
const actionText = (imports: ImportModel): string => {
  const { added, replaced } = chosenCounts(imports);
  if (added + replaced === 0) return 'Nothing to import';
  return [added > 0 && `Add ${added}`, replaced > 0 && `replace ${replaced}`]
    .filter(Boolean)
    .join(', ')
    .replace(/^r/, 'R');
};

const chosenCounts = ({ chosen, states }: ImportModel) => {
  const replaced = chosen.value.filter(({ name }) => states.value?.get(name)?.state === 'changed').length;
  return { added: chosen.value.length - replaced, replaced };
};

const summary = ({ found, states }: ImportModel): string => {
  const { file } = found.value;
  if (!file) return '';
  const skipped = file.skipped.length;
  const left = skipped === 0 ? '' : ` ${skipped} ${skipped === 1 ? 'line makes' : 'lines make'} no key.`;
  if (!states.value)
    return `${keysText(file.entries.length)} found.${left} Check compares them with the vault; the log says so of each.`;
  const { same, conflict, invalid } = counted([...states.value.values()]);
  const parts = [
    same > 0 && `${same} already there with the same value`,
    conflict > 0 && `${conflict} in the way`,
    invalid > 0 && `${invalid} not possible`,
  ].filter(Boolean);
  return parts.length === 0 ? left.trim() : `${parts.join(', ')}.${left}`;
};

const keysText = (count: number) => (count === 1 ? '1 key' : `${count.toLocaleString()} keys`);

/** If the vault finds something else than the preview said, it changes nothing, and the new states are shown. */
const apply = async (model: KeysModel, onClose: () => void): Promise<void> => {
  const { imports } = model;
  const { under, chosen } = imports;
  const { added, replaced } = chosenCounts(imports);
  const names = chosen.value.map(({ name }) => under.value + name);
  await imports.apply().catch(async (problem: unknown) => {
    await imports.preview().catch(() => {});
    throw problem;
  });
  onClose();
  await model.list.load();
  const text = [added > 0 && `Added ${keysText(added)}`, replaced > 0 && `replaced ${replaced}`]
    .filter(Boolean)
    .join(', ');
  const undo = async () => {
    await model.remove(names);
  };
  notify({ text: `${text.replace(/^r/, 'R')}.`, ...(replaced === 0 && { undo }) });
};

interface PartProps {
  imports: ImportModel;
  onEdited: () => void;
}

const Source = ({ imports, onEdited }: PartProps) => {
  const isMasked = useSignal(true);
  const picker = useRef<HTMLInputElement>(null);
  const { problem } = imports.found.value;
  const read = (text: string) => {
    onEdited();
    void imports.read(text, readImport);
  };
  useLayoutEffect(() => {
    // A text that was pasted elsewhere.
    if (imports.text.value !== '' && imports.found.value.file === null) read(imports.text.value);
  }, []);
  const readFile = async (file: File | undefined) => {
    if (file) read(await file.text());
  };
  const onDrop = (event: DragEvent) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    void readFile(file);
  };
  return html`
    <div onDrop=${onDrop} onDragOver=${(event: DragEvent) => event.preventDefault()}>
      <${Field}
        label="What to import" hint="An .env file, JSON, or a CSV export of 1Password, Bitwarden or Infisical. Paste it, drop it here, or choose the file."
        error=${problem}
      >
        ${(field: object) => html`<textarea
          ...${field} ...${unmanaged} name="import_text" class="input secret ${isMasked.value ? 'masked' : ''}" rows=${4}
          autofocus autocapitalize="none" spellcheck=${false} value=${imports.text.value}
          onInput=${(event: Event) => read(typed(event))}
        />`}
      <//>
      <div class="row import-source">
        <${Button} icon="enter" onClick=${() => picker.current?.click()}>Choose a file<//>
        <${Button} kind="quiet" icon=${isMasked.value ? 'eye' : 'eye-off'} onClick=${() => (isMasked.value = !isMasked.value)}>
          ${isMasked.value ? 'Show' : 'Hide'} the text
        <//>
        <input
          ref=${picker} type="file" hidden aria-label="File to import" accept=".env,.json,.csv,.txt,text/*,application/json"
          onChange=${(event: Event) => {
            const input = event.currentTarget as HTMLInputElement;
            void readFile(input.files?.[0]);
            input.value = '';
          }}
        />
      </div>
    </div>
  `;
};

const Prefix = ({ imports, onEdited }: PartProps) => {
  const set = (event: Event) => {
    onEdited();
    imports.setPrefix(typed(event));
  };
  return html`
    <${Field} label="Put them under" hint=${html`A project or folder, such as <code>${shown('shop/prod/')}</code>. Empty for none.`}>
      ${(field: object) => html`<input
        ...${field} ...${unmanaged} name="import_prefix" autocapitalize="none" spellcheck=${false} value=${imports.prefix.value}
        onInput=${set}
      />`}
    <//>
  `;
};
