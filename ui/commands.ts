/** The commands of the palette. Keys and people are among them once their lists are loaded. */
import type { KeysModel } from './keys/model.ts';
import { filtered, type KeyRow } from './keys/order.ts';
import { copyValue } from './keys/value.ts';
import type { Models } from './models.ts';
import type { Command } from './parts/palette.ts';
import type { ProjectsModel } from './projects/model.ts';
import { go } from './shell/router.ts';
import type { Tab } from './shell/shell.ts';
import { setTheme, themes } from './shell/theme.ts';

const maxPaletteKeys = 12;
const maxPalettePeople = 5;
const maxRecentKeys = 5;

export const commandsFor = (models: Models, tabs: readonly Tab[], signOut: () => void) => {
  const fixed = fixedCommands(models, tabs, signOut);
  return (text: string): Command[] => {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return [...recentKeys(models.keys).map((row) => keyCommand(models.keys, row)), ...fixed];
    const matching = [
      ...fixed.filter((command) => command.text.toLowerCase().includes(wanted)),
      ...peopleCommands(models, wanted),
    ];
    const isMeant = ({ id }: Command) => [`project ${wanted}`, `person ${wanted}`].includes(id.toLowerCase());
    return [
      ...matching.filter(isMeant),
      ...keyCommands(models, wanted),
      ...matching.filter((command) => !isMeant(command)),
    ];
  };
};

const keyCommands = ({ keys }: Models, wanted: string): Command[] =>
  bestFirst(filtered(keys.list.answer.value ?? [], wanted), wanted, recentKeys(keys))
    .slice(0, maxPaletteKeys)
    .map((row) => keyCommand(keys, row));

const keyCommand = (keys: KeysModel, { name }: KeyRow): Command => ({
  id: `key ${name}`,
  icon: 'key',
  text: name,
  acts: [
    { text: 'Copy', run: () => copyValue(keys, name) },
    { text: 'Open', run: () => keys.openKey(name) },
    { text: 'Reveal', run: () => keys.revealOnPage(name) },
  ],
});

/** What one opened or read last, here or, as far as the log says, elsewhere. */
const recentKeys = (keys: KeysModel): KeyRow[] => {
  const own = [...(keys.uses.answer.value?.byName.values() ?? [])]
    .filter(({ user_name }) => user_name === keys.user)
    .sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))
    .map(({ key_name }) => key_name);
  return [...new Set([...keys.touched.value, ...own.slice(0, maxRecentKeys)])]
    .map(keys.rowNamed)
    .filter((row) => row !== null)
    .slice(0, maxRecentKeys);
};

/** For admins, who know who there is. */
const peopleCommands = ({ users }: Models, wanted: string): Command[] =>
  (users.list.answer.value ?? [])
    .filter(({ username }) => username.toLowerCase().includes(wanted))
    .slice(0, maxPalettePeople)
    .map(({ username }) => ({
      id: `person ${username}`,
      icon: 'user',
      text: username,
      hint: 'Person',
      acts: [
        { text: 'Their log', run: () => go('logs', { user: username }) },
        { text: 'Keys they made', run: () => go('keys', { q: username }) },
      ],
    }));

const atKeys = (then: () => void) => {
  go('keys');
  then();
};

const openProject = (projects: ProjectsModel) => {
  go('projects');
  projects.show({ kind: 'new' });
};

/** Names that begin with `wanted`, then names that contain it, then the rest; of each, those of late first. */
const bestFirst = (rows: readonly KeyRow[], wanted: string, recent: readonly KeyRow[]): KeyRow[] => {
  const rank = (row: KeyRow) => {
    const last = row.order.slice(row.order.lastIndexOf('/') + 1);
    const begins = row.order.startsWith(wanted) || last.startsWith(wanted);
    const at = recent.indexOf(row);
    return (begins ? 0 : row.order.includes(wanted) ? 1 : 2) + (at < 0 ? recent.length : at) / (recent.length + 1);
  };
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ row }) => row);
};

const fixedCommands = ({ keys, projects }: Models, tabs: readonly Tab[], signOut: () => void): Command[] => [
  one('add-key', 'plus', 'Add key', () => atKeys(() => keys.show({ kind: 'new' }))),
  one(
    'import-keys',
    'enter',
    'Import keys',
    () => atKeys(() => keys.show({ kind: 'import', prefix: '' })),
    '.env, JSON, CSV',
  ),
  one('new-project', 'plus', 'New project', () => openProject(projects)),
  ...(projects.list.answer.value ?? []).map(({ name }) =>
    one(`project ${name}`, 'folder', name, () => go('projects', {}, name), 'Project'),
  ),
  ...tabs.map(({ page, text, icon }) => one(page, icon, text, () => go(page), 'Go to')),
  one('failures', 'refuse', 'Refused actions', () => go('logs', { failures: 'only' }), 'Access Logs'),
  ...themes.map(({ value, text, icon }) =>
    one(`theme-${value}`, icon, `Theme: ${text.toLowerCase()}`, () => setTheme(value)),
  ),
  one('sign-out', 'leave', 'Sign out', signOut),
];

/** A command that does one thing. */
const one = (id: string, icon: Command['icon'], text: string, run: () => unknown, hint?: string): Command => ({
  id,
  icon,
  text,
  ...(hint !== undefined && { hint }),
  acts: [{ text: 'Go', run }],
});
