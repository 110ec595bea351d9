/** The pages beside the list of keys. They are fetched when they are first needed. */
import { lazyPage } from './parts/lazy.ts';

const rest = () => import('./rest.ts');

export const ProjectsPage = lazyPage(async () => (await rest()).ProjectsPage);
export const TrashPage = lazyPage(async () => (await rest()).TrashPage);
/** A file of its own, which keeps the other one small. */
export const TokensPage = lazyPage(async () => (await import('./tokens/page.ts')).TokensPage);
export const LogsPage = lazyPage(async () => (await rest()).LogsPage);
export const UsersPage = lazyPage(async () => (await rest()).UsersPage);
export const AccountPage = lazyPage(async () => (await rest()).AccountPage);
export const AboutPage = lazyPage(async () => (await rest()).AboutPage);
