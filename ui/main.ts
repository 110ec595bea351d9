/** Starts the UI. */
import { html, render } from 'htm/preact';
import { askEarly } from './api/early.ts';
import { App } from './app.ts';
import { showsKeys } from './keys/chosen.ts';
import { startFocusKeeper } from './parts/focus.ts';
import { start } from './session/model.ts';
import { route, startRouter } from './shell/router.ts';

startRouter();
startFocusKeeper();
void start();
if (showsKeys(route.value)) askEarly();
// A page that the browser brings back with its Back button may be of somebody who has signed out since.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void start();
});
const root = document.getElementById('app');
if (root) render(html`<${App} />`, root);
