/** The dialog that takes many keys at once: from an .env file, from JSON, or from the CSV export of another product. */
import { signal, useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { readImport } from '../../core/import/read.ts';
import { shown } from '../../core/text.ts';
import type { ImportState } from '../api/wire.ts';
import { Button } from '../parts/button.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { complain, notify } from '../parts/toast.ts';
import { counted, type ImportModel, maxEntries } from './import-model.ts';
import { ImportTable } from './import-table.ts';
import { type Imported, importedOf, rowsByName, takeBack } from './import-undo.ts';
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
  const isBusy = task.isBusy.value;
  const isTooMany = entries.length > maxEntries;

  const submit = async () => {
    if (isChecked) await apply(model, onClose);
    else await Promise.all([imports.preview(), model.list.load()]);
  };
  const action = isChecked ? actionText(imports) : 'Check';
  const isReady = isChecked ? imports.chosen.value.length > 0 : entries.length > 0 && !isTooMany;
  return html`
    <${FormDialog}
      title=${title} action=${action} isDisabled=${!isReady} task=${task} problem=${task.problem.value?.message ?? null}
      isTyped=${imports.isTyped.value} onSubmit=${submit} onClose=${onClose}
    >
      <${Source} imports=${imports} isBusy=${isBusy} onEdited=${() => (task.problem.value = null)} />
      <${Prefix} imports=${imports} isBusy=${isBusy} onEdited=${() => (task.problem.value = null)} />
      ${isTooMany && html`<p class="warning" role="status">These are ${entries.length.toLocaleString()} keys. One import takes ${maxEntries.toLocaleString()}: divide the file.</p>`}
      ${entries.length > 0 && html`<${ImportTable} imports=${imports} />`}
      <p class="note row" role="status">${isBusy ? html`<span class="spinner" /><span>${busyText(imports)}</span>` : summary(imports)}</p>
    <//>
  `;
};

/** What the button does, in numbers. */
const actionText = (imports: ImportModel): string => {
  const { added, replaced } = chosenNames(imports);
  if (added.length + replaced.length === 0) return 'Nothing to import';
  return [added.length > 0 && `Add ${added.length}`, replaced.length > 0 && `replace ${replaced.length}`]
    .filter(Boolean)
    .join(', ')
    .replace(/^r/, 'R');
};

interface Names {
  added: readonly string[];
  replaced: readonly string[];
}

const chosenNames = ({ chosen, states, under }: ImportModel): Names => {
  const inState = (state: ImportState) =>
    chosen.value.filter(({ name }) => states.value?.get(name)?.state === state).map(({ name }) => under.value + name);
  return { added: inState('new'), replaced: inState('changed') };
};

/** What is under way: an import is one step for the vault, so there is nothing to count meanwhile. */
const busyText = (imports: ImportModel) =>
  imports.states.value === null
    ? `Comparing ${keysText(imports.found.value.file?.entries.length ?? 0)} with the vault…`
    : `Importing ${keysText(imports.chosen.value.length)}, all of them or none…`;

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
  const names = chosenNames(imports);
  const was = rowsByName(model.list.answer.value);
  await imports.apply().catch(async (problem: unknown) => {
    await imports.preview().catch(() => {});
    throw problem;
  });
  onClose();
  await model.list.load();
  const imported = importedOf(names, was, rowsByName(model.list.answer.value));
  const mayUndo = model.list.error.value === null && imported.added.length + imported.replaced.length > 0;
  const text = doneText(names);
  notify({ text, ...(mayUndo && { undo: () => undo(model, imported), seconds: undoSeconds }) });
};

/** Longer than for one key: there is more to look at before one knows. */
const undoSeconds = 30;

const undo = async (model: KeysModel, imported: Imported) => {
  const all = imported.added.length + imported.replaced.length;
  const done = signal(0);
  // Screen readers announce each change of the text.
  const step = Math.ceil(all / 10);
  const text = () => `Taking the import back: ${(done.value * step).toLocaleString()} of ${all.toLocaleString()} keys…`;
  const dismiss = notify({ text, tone: 'plain', seconds: 0 });
  try {
    const result = await takeBack(model, imported, (count) => {
      done.value = Math.floor(count / step);
    });
    notify({ text: result, seconds: undoSeconds });
  } catch (problem) {
    complain(problem);
  } finally {
    dismiss();
  }
};

const doneText = ({ added, replaced }: Names) => {
  const text = [
    added.length > 0 && `Added ${keysText(added.length)}`,
    replaced.length > 0 && `replaced ${replaced.length}`,
  ];
  return `${text.filter(Boolean).join(', ').replace(/^r/, 'R')}.`;
};

interface PartProps {
  imports: ImportModel;
  /** Whether the vault is working on it. */
  isBusy: boolean;
  onEdited: () => void;
}

const Source = ({ imports, isBusy, onEdited }: PartProps) => {
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
    if (file && !isBusy) read(await file.text());
  };
  useLayoutEffect(() => whenDropped((file) => void readFile(file)), [isBusy]);
  return html`
    <div>
      <${Field}
        label="What to import" hint="An .env file, JSON, or a CSV export of 1Password, Bitwarden or Infisical. Paste it, drop it here, or choose the file."
        error=${problem}
      >
        ${(field: object) => html`<textarea
          ...${field} ...${unmanaged} name="import_text" class="input secret ${isMasked.value ? 'masked' : ''}" rows=${4}
          autofocus autocapitalize="none" spellcheck=${false} readonly=${isBusy} value=${imports.text.value}
          onInput=${(event: Event) => read(typed(event))}
        />`}
      <//>
      <div class="row import-source">
        <${Button} icon="enter" disabled=${isBusy} onClick=${() => picker.current?.click()}>Choose a file<//>
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

/** Takes a file that is dropped anywhere: beside the dialog, the browser would open it in place of the page. */
const whenDropped = (take: (file: File) => void) => {
  const listening = new AbortController();
  const { signal } = listening;
  const onDrag = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const [file] = event.type === 'drop' ? event.dataTransfer.files : [];
    if (file) take(file);
  };
  addEventListener('dragover', onDrag, { signal });
  addEventListener('drop', onDrag, { signal });
  return () => listening.abort();
};

const Prefix = ({ imports, isBusy, onEdited }: PartProps) => {
  const set = (event: Event) => {
    onEdited();
    imports.setPrefix(typed(event));
  };
  return html`
    <${Field} label="Put them under" hint=${html`A project or folder, such as <code>${shown('shop/prod/')}</code>. Empty for none.`}>
      ${(field: object) => html`<input
        ...${field} ...${unmanaged} name="import_prefix" autocapitalize="none" spellcheck=${false} readonly=${isBusy}
        value=${imports.prefix.value} onInput=${set}
      />`}
    <//>
  `;
};
