/**
 * `npm run dev`: a vault as `npm start` runs it, which is rebuilt and reloaded after each save. Worker, UI and open pages
 * follow within about a second.
 *
 * It lives in `.dev/`, with keys, data and a build of its own: it does not touch `.env`, `data/` or `dist/`. Delete that folder to
 * begin with a new vault. PORT and the other variables of the environment work as they do for `npm start`.
 *
 *   node tools/dev.ts [project folder]
 */
import {
  appendFileSync,
  existsSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { buildReference, buildWorker } from '../box/commands/build.ts';
import { buildUi } from '../box/commands/build-ui.ts';
import { main as startVault } from '../box/commands/start.ts';

/** Editors write a file in several steps. */
const settleMs = 30;

/** What is built from which folder. */
const builds: Record<string, (home: string) => Promise<void>> = {
  core: buildWorker,
  worker: buildWorker,
  openapi: buildReference,
  ui: buildReloadingUi,
};

/**
 * Loaded by the page of a development build only: reloads it when the vault serves another one, with all that it names. The
 * files that a page names are served a moment after the page.
 */
const reloadScript = `const load = (path) =>
  fetch(path, { cache: 'no-store' }).then((answer) => (answer.ok ? answer.text() : undefined), () => undefined);
let seen;
setInterval(async () => {
  const page = await load('/');
  if (page === undefined || page === seen) return;
  const files = await Promise.all(page.match(/\\/assets\\/[^"]+/g).map(load));
  if (files.includes(undefined)) return;
  if (seen !== undefined) location.reload();
  seen = page;
}, 300);
`;

async function buildReloadingUi(home: string): Promise<void> {
  await buildUi(home).catch((error: Error) => {
    console.error(error.message);
    throw error;
  });
  writeFileSync(join(home, 'dist/ui/assets/reload.js'), reloadScript);
  appendFileSync(join(home, 'dist/ui/index.html'), '<script type="module" src="/assets/reload.js"></script>\n');
}

/** Makes the folder in which the vault runs: links to the sources, and a place for everything that is written. */
function makeHome(project: string): string {
  const home = join(project, '.dev');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const name of ['worker', 'ui', 'migrations', 'wrangler.toml']) {
    rmSync(join(home, name), { force: true });
    symlinkSync(join('..', name), join(home, name));
  }
  return home;
}

/** Rebuilds what has changed, one build at a time, and then calls `onBuilt`. */
function rebuildOnSave(project: string, home: string, onBuilt: () => void): void {
  const changed = new Set<string>();
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  /** Folders and not files: many editors replace a file, and Node's recursive watch loses it then. */
  function watchFolders(): void {
    for (const watcher of watchers) watcher.close();
    watchers = Object.keys(builds).flatMap((name) =>
      foldersIn(join(project, name)).map((folder) => watch(folder, () => noteChange(name))),
    );
  }

  function noteChange(name: string): void {
    changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(rebuild);
    }, settleMs);
  }

  async function rebuild(): Promise<void> {
    const began = Date.now();
    const pending = new Set([...changed].map((name) => builds[name]));
    changed.clear();
    // There may be new folders.
    watchFolders();
    try {
      await Promise.all([...pending].map((build) => build?.(home)));
      onBuilt();
      console.log(`Rebuilt in ${Date.now() - began} ms.`);
    } catch {
      console.error('The build failed; the lines above say why. The last good build is still served.');
    }
  }

  watchFolders();
}

/** A folder and all folders below it; none if it does not exist. */
function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.map((entry) => join(entry.parentPath, entry.name))];
}

async function main(project: string): Promise<void> {
  const home = makeHome(project);
  await Promise.all([buildWorker(home), buildReloadingUi(home), buildReference(home)]);
  const vault = await startVault(home);
  rebuildOnSave(project, home, vault.reload);
  console.log(`Its keys and data are in ${home}. Waiting for changes in ${Object.keys(builds).join(', ')}.`);
}

if (import.meta.main) await main(resolve(process.argv[2] ?? join(import.meta.dirname, '..')));
