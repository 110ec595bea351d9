/** The page of a key, the dialogs about keys and the bar for those that are selected, which the browser fetches after the list is on the screen. */
export { CopyEnv, ExportKeys } from './copy-env.ts';
export { NewKey } from './form.ts';
export { ImportKeys } from './import-sheet.ts';
export { KeyPage } from './key-page.ts';
export { MoveKeys } from './move-many.ts';
export { SelectionBar } from './selection-bar.ts';
export { KeyTools } from './tools.ts';
