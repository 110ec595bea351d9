/** The page of a key and the dialogs about keys, which the browser fetches after the list is on the screen. */
export { CopyEnv, ExportKeys } from './copy-env.ts';
export { NewKey } from './form.ts';
export { ImportKeys } from './import-sheet.ts';
export { KeyPage } from './key-page.ts';
export { MoveKeys } from './move-many.ts';
export { KeyTools } from './tools.ts';
