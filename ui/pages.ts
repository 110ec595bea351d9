/** The pages beside the list of keys, and what else is fetched after the first screen. */
import { lazyDialog, lazyPage } from './parts/lazy.ts';

const rest = () => import('./rest.ts');

export const ProjectsPage = lazyPage(async () => (await rest()).ProjectsPage);
export const Overview = lazyPage(async () => (await rest()).Overview);
export const CarePage = lazyPage(async () => (await rest()).CarePage);
export const TrashPage = lazyPage(async () => (await rest()).TrashPage);
export const TokensPage = lazyPage(async () => (await rest()).TokensPage);
export const LogsPage = lazyPage(async () => (await rest()).LogsPage);
export const KeyActivity = lazyPage(async () => (await rest()).KeyActivity);
export const ProjectActivity = lazyPage(async () => (await rest()).ProjectActivity);
export const UsersPage = lazyPage(async () => (await rest()).UsersPage);
export const AccountPage = lazyPage(async () => (await rest()).AccountPage);
export const NewPassword = lazyPage(async () => (await rest()).NewPassword);
export const ShortcutDialog = lazyDialog(async () => (await rest()).ShortcutDialog);
export const AboutPage = lazyPage(async () => (await rest()).AboutPage);
