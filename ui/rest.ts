/** The pages beside the list of keys, as one file of the build: many small ones would be slower. */
export { AboutPage } from './about/page.ts';
export { AccountPage } from './account/page.ts';
export { KeyActivity } from './logs/of-key.ts';
export { ShortcutDialog } from './parts/shortcuts.ts';
export { ProjectsPage } from './projects/page.ts';
export { NewPassword } from './session/new-password.ts';
export { TrashPage } from './trash/page.ts';
export { UsersPage } from './users/page.ts';
