/** The dialog that moves the selected keys into a folder, one after the other, and offers to take that back. */
import { useSignal } from '@preact/signals';
import { html } from 'htm/preact';
import { shown } from '../../core/text.ts';
import { api, Problem } from '../api/client.ts';
import { asProblem } from '../api/loaded.ts';
import { typed } from '../parts/events.ts';
import { Field, unmanaged } from '../parts/field.ts';
import { FormDialog } from '../parts/form-dialog.ts';
import { useTask } from '../parts/task.ts';
import { notify } from '../parts/toast.ts';
import type { KeysModel } from './model.ts';
import { folderOf, foldersOf, type Moving, movesInto } from './move-names.ts';
import { keysText } from './trashing.ts';

interface Props {
  title: string;
  model: KeysModel;
  names: readonly string[];
  onClose: () => void;
}

interface Moved extends Moving {
  revision: number | null;
}

/** What concerns one key alone: the others go on. */
const isAboutOne = (problem: unknown): problem is Problem =>
  problem instanceof Problem && [400, 403, 404, 409, 412].includes(problem.status);

/** Gives the keys their new names. @returns those that have them, and the first refusal, if there was one. */
const moveAll = async (model: KeysModel, moves: readonly Moved[], onProgress: (count: number) => void = () => {}) => {
  const moved: Moved[] = [];
  let refusal: Problem | null = null;
  try {
    for (const { from, to, revision } of moves) {
      try {
        moved.push({ from, to, revision: await api.updateKey(from, { key_name: to }, revision) });
        model.follow(from, to);
      } catch (problem) {
        if (!isAboutOne(problem)) throw problem;
        refusal ??= new Problem(problem.status, `${from}: ${problem.message}`);
      }
      onProgress(moved.length);
    }
  } catch (problem) {
    refusal = asProblem(problem);
  }
  await model.list.load();
  return { moved, refusal };
};

const takeBack = async (model: KeysModel, done: readonly Moved[]) => {
  const back = done.map(({ from, to, revision }) => ({ from: to, to: from, revision }));
  const { moved, refusal } = await moveAll(model, back);
  if (refusal) throw new Problem(0, `${moved.length} of ${done.length} keys are back. ${refusal.message}`);
};

export const MoveKeys = ({ title, model, names, onClose }: Props) => {
  const task = useTask();
  const done = useSignal(0);
  const folder = folderOf(model.draft.value.name);
  const { moves, twins } = movesInto(names, folder);
  const place = folder === '' ? 'no folder' : folder;

  const submit = async () => {
    done.value = 0;
    const rows = moves.map((move) => ({ ...move, revision: model.rowNamed(move.from)?.revision ?? null }));
    const { moved, refusal } = await moveAll(model, rows, (count) => {
      done.value = count;
    });
    const gone = new Set(moved.map(({ from }) => from));
    model.selected.only(names.filter((name) => !gone.has(name)));
    if (moved.length > 0)
      notify({
        text: `Moved ${keysText(moved.map(({ from }) => from))} to ${place}.`,
        undo: () => takeBack(model, moved),
        about: ['move'],
      });
    if (refusal) throw new Problem(refusal.status, `${moved.length} of ${moves.length} moved. ${refusal.message}`);
    onClose();
  };

  return html`
    <${FormDialog}
      title=${title} action=${task.isBusy.value ? `Moved ${done.value} of ${moves.length}` : 'Move'} task=${task}
      isDisabled=${moves.length === 0 || twins.length > 0} isTyped=${model.isTyped.value} problem=${task.problem.value?.message ?? null} onSubmit=${submit} onClose=${onClose}
    >
      <${Field}
        label="Folder" hint="Such as shop/prod: the first part is the project, if there is one of that name. Empty for no folder."
        error=${twins.length > 0 ? `${twins.map(shown).join(' and ')} would get the same name. Move them one at a time.` : null}
      >
        ${(field: object) => html`<input
          ...${field} ...${unmanaged} name="folder" list="folders" autofocus autocapitalize="none" spellcheck=${false} value=${model.draft.value.name}
          onInput=${(event: Event) => model.edit({ name: typed(event) })}
        />`}
      <//>
      <datalist id="folders">${foldersOf((model.list.answer.value ?? []).map(({ name }) => name)).map((path) => html`<option key=${path} value=${path} />`)}</datalist>
      <p class="note">
        ${moves[0] ? html`<span class="verbatim">${shown(moves[0].from)}</span> becomes <span class="verbatim">${shown(moves[0].to)}</span>. ` : 'They are there already. '}
        ${moves.length > 1 && `${moves.length.toLocaleString()} keys get other names. `}All versions go along. Programs must ask for the new names from now on.
      </p>
    <//>
  `;
};
