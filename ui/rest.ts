/** The pages beside the list of keys, as one file of the build: many small ones would be slower. */
export { AboutPage } from './about/page.ts';
export { AccountPage } from './account/page.ts';
export { LogsPage } from './logs/page.ts';
export { ProjectsPage } from './projects/page.ts';
export { TrashPage } from './trash/page.ts';
export { UsersPage } from './users/page.ts';
