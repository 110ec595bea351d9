/** The state of the About page. */
import { api } from '../api/client.ts';
import { loaded } from '../api/loaded.ts';

export const aboutModel = () => ({ health: loaded(api.health) });

export type AboutModel = ReturnType<typeof aboutModel>;
