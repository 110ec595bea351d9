/** The commands of the palette. Keys are among them once their list is loaded. */
import type { KeysModel, Open } from './keys/model.ts';
import { filtered, type KeyRow } from './keys/order.ts';
import { copyValue } from './keys/value.ts';
import type { Models } from './models.ts';
import type { Command } from './parts/palette.ts';
import type { ProjectsModel } from './projects/model.ts';
import { go } from './shell/router.ts';
import type { Tab } from './shell/shell.ts';
import { setTheme, themes } from './shell/theme.ts';

const maxPaletteKeys = 8;

export const commandsFor = (models: Models, tabs: readonly Tab[], signOut: () => void) => {
  const fixed = fixedCommands(models, tabs, signOut);
  return (text: string): Command[] => {
    const wanted = text.trim().toLowerCase();
    const matching = fixed.filter((command) => command.text.toLowerCase().includes(wanted));
    if (wanted === '') return matching;
    const isMeant = ({ id }: Command) => id.toLowerCase() === `project ${wanted}`;
    return [
      ...matching.filter(isMeant),
      ...keyCommands(models, wanted),
      ...matching.filter((command) => !isMeant(command)),
    ];
  };
};

const keyCommands = ({ keys }: Models, wanted: string): Command[] =>
  bestFirst(filtered(keys.list.answer.value ?? [], wanted), wanted)
    .slice(0, maxPaletteKeys)
    .flatMap((row) => [
      {
        id: `copy ${row.name}`,
        icon: 'copy',
        text: row.name,
        hint: 'Copy value',
        run: () => copyValue(keys, row.name),
      },
      {
        id: `open ${row.name}`,
        icon: 'key',
        text: row.name,
        hint: 'Open',
        run: () => openKey(keys, { kind: 'edit', row }),
      },
    ]);

const openKey = (keys: KeysModel, dialog: Open) => {
  go('keys');
  keys.show(dialog);
};

const openProject = (projects: ProjectsModel) => {
  go('projects');
  projects.show({ kind: 'new' });
};

/** Names that begin with `wanted`, then names that contain it, then the rest. */
const bestFirst = (rows: readonly KeyRow[], wanted: string): KeyRow[] => {
  const rank = ({ order }: KeyRow) => (order.startsWith(wanted) ? 0 : order.includes(wanted) ? 1 : 2);
  return rows
    .map((row) => ({ row, rank: rank(row) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ row }) => row);
};

const fixedCommands = ({ keys, projects }: Models, tabs: readonly Tab[], signOut: () => void): Command[] => [
  {
    id: 'add-key',
    icon: 'plus',
    text: 'Add key',
    run: () => openKey(keys, { kind: 'new' }),
  },
  {
    id: 'import-keys',
    icon: 'enter',
    text: 'Import keys',
    hint: '.env, JSON, CSV',
    run: () => openKey(keys, { kind: 'import', prefix: '' }),
  },
  { id: 'new-project', icon: 'plus', text: 'New project', run: () => openProject(projects) },
  ...(projects.list.answer.value ?? []).map(({ name }) => ({
    id: `project ${name}`,
    icon: 'folder' as const,
    text: name,
    hint: 'Project',
    run: () => go('projects', {}, name),
  })),
  ...tabs.map(({ page, text, icon }) => ({ id: page, icon, text, hint: 'Go to', run: () => go(page) })),
  {
    id: 'failures',
    icon: 'refuse',
    text: 'Refused actions',
    hint: 'Access Logs',
    run: () => go('logs', { failures: 'only' }),
  },
  ...themes.map(({ value, text, icon }) => ({
    id: `theme-${value}`,
    icon,
    text: `Theme: ${text.toLowerCase()}`,
    run: () => setTheme(value),
  })),
  { id: 'sign-out', icon: 'leave', text: 'Sign out', run: signOut },
];
