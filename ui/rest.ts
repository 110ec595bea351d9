/** The pages beside the list of keys, which the browser fetches after it. */
export { AboutPage } from './about/page.ts';
export { AccountPage } from './account/page.ts';
export { CarePage } from './care/page.ts';
export { KeyActivity, ProjectActivity } from './logs/activity.ts';
export { LogsPage } from './logs/page.ts';
export { ShortcutDialog } from './parts/shortcuts.ts';
export { Overview } from './projects/overview-table.ts';
export { ProjectsPage } from './projects/page.ts';
export { NewPassword } from './session/new-password.ts';
export { TokensPage } from './tokens/page.ts';
export { TrashPage } from './trash/page.ts';
export { UsersPage } from './users/page.ts';
