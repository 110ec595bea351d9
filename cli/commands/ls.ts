/** `keystore ls`: names of keys. */

import { coloured, printable, say, sayJson, sayTable, shownTime } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import { type ListedKey, listFolder } from '../vault/keys.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const [due, label] = [given.number('due', 0, 3_650), given.text('label')];
  const query = { ...(due === undefined ? {} : { due: String(due) }), ...(label === undefined ? {} : { label }) };
  const keys = await listFolder(openVault(), given.argument(0), query);
  if (given.json) sayJson({ keys });
  else if (given.has('tree')) sayTree(keys.map(({ key_name: name }) => name));
  else if (given.has('long')) sayLong(keys);
  else for (const { key_name: name } of keys) say(printable(name));
}

function sayLong(keys: readonly ListedKey[]): void {
  sayTable(
    ['NAME', 'VERSION', 'ROLE', 'CHANGED', 'EXPIRES', 'ROTATE BY'],
    keys.map((key) => [
      key.key_name,
      String(key.version),
      key.role,
      shownTime(key.updated_at),
      shownTime(key.expires_at),
      shownTime(key.rotation_due_at),
    ]),
  );
}

/** A folder with what is in it. A key and a folder may have the same name. */
interface Folder {
  keys: string[];
  folders: Map<string, Folder>;
}

function sayTree(names: readonly string[]): void {
  const root: Folder = { keys: [], folders: new Map() };
  for (const name of names) {
    const parts = name.split('/');
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      const next = folder.folders.get(part) ?? { keys: [], folders: new Map() };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.keys.push(parts.at(-1) ?? '');
  }
  sayFolder(root, '');
}

function sayFolder({ keys, folders }: Folder, indent: string): void {
  const entries = [
    ...keys.map((name) => ({ name, folder: undefined })),
    ...[...folders].map(([name, folder]) => ({ name: `${name}/`, folder })),
  ];
  for (const [index, { name, folder }] of entries.entries()) {
    const isLast = index === entries.length - 1;
    const shown = folder ? coloured('cyan', printable(name)) : printable(name);
    say(`${indent}${isLast ? '└── ' : '├── '}${shown}`);
    if (folder) sayFolder(folder, `${indent}${isLast ? '    ' : '│   '}`);
  }
}
