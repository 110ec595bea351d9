/** A file that is dropped on the page, and a text that is pasted where there is no field, are imported: on any page, if no dialog is open. */
import { openDialogs } from '../parts/dialog.ts';
import { isTyping } from '../parts/events.ts';
import { looksLikeKeys } from './looks-like-keys.ts';
import type { KeysModel } from './model.ts';

/** @param go leads to a page that shows the dialogs about keys. */
export const importWhatIsDropped = (model: KeysModel, go: () => void): (() => void) => {
  const begin = (text: string) => {
    const { value: project } = model.project;
    model.leaveForm(() => {
      go();
      model.show({ kind: 'import', prefix: project === '' ? '' : `${project}/` });
      model.imports.offer(text);
    });
  };
  const onPaste = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (openDialogs.value === 0 && !isTyping(event) && looksLikeKeys(text)) begin(text);
  };
  const onDrag = (event: DragEvent) => {
    if (openDialogs.value > 0 || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const [file] = event.type === 'drop' ? event.dataTransfer.files : [];
    void file?.text().then(begin);
  };
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener('paste', onPaste, { signal });
  addEventListener('dragover', onDrag, { signal });
  addEventListener('drop', onDrag, { signal });
  return () => listening.abort();
};
