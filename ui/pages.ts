/** The pages beside the list of keys, and what else is fetched when it is first needed. */
import { lazyDialog, lazyPage } from './parts/lazy.ts';

const rest = () => import('./rest.ts');

export const ProjectsPage = lazyPage(async () => (await rest()).ProjectsPage);
/** A file of its own, too: the overview of the environments of a project. */
export const Overview = lazyPage(async () => (await import('./projects/overview-table.ts')).Overview);
export const CarePage = lazyPage(async () => (await import('./care/page.ts')).CarePage);
export const TrashPage = lazyPage(async () => (await rest()).TrashPage);
/** Files of their own, which keep the other one small. */
export const TokensPage = lazyPage(async () => (await import('./tokens/page.ts')).TokensPage);
export const LogsPage = lazyPage(async () => (await import('./logs/page.ts')).LogsPage);
export const KeyActivity = lazyPage(async () => (await rest()).KeyActivity);
export const UsersPage = lazyPage(async () => (await rest()).UsersPage);
export const AccountPage = lazyPage(async () => (await rest()).AccountPage);
export const NewPassword = lazyPage(async () => (await rest()).NewPassword);
export const ShortcutDialog = lazyDialog(async () => (await rest()).ShortcutDialog);
export const AboutPage = lazyPage(async () => (await rest()).AboutPage);
