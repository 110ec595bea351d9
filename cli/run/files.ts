/** Keys that a command gets as files: in a private folder in memory, and from there under any path that it wants. */

import { lstatSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { pairOf } from '../formats/variables.ts';
import { codeOf, exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import type { Layer } from '../vault/values.ts';
import { makePrivateFolder, type PrivateFolder } from './private-folder.ts';

/** One `--file KEY=PATH`, with its value. */
export interface FileOfKey {
  key: string;
  value: string;
  /** Below the private folder; an absolute one becomes a link into it. */
  path: string;
}

/** Takes the keys of `--file KEY=PATH` out of the layers: they become no variables. */
export function takeFiles(layers: readonly Layer[], given: readonly string[]): FileOfKey[] {
  return given.map((text) => {
    const [name, path] = pairOf(text, '--file');
    // Of one name in two layers the later one counts.
    for (const layer of layers.toReversed()) {
      const key = [name, layer.folder + name].find((full) => Object.hasOwn(layer.values, full));
      const value = key === undefined ? undefined : layer.values[key];
      if (key === undefined || value === undefined) continue;
      for (const each of layers) {
        for (const twin of [key, each.folder + name]) delete each.values[twin];
      }
      return { key, value, path };
    }
    throw new Failure(
      `There is no key ${name} among those that were read, as --file asks. See: keystore ls`,
      exitCodes.notFound,
    );
  });
}

export interface WrittenFiles {
  /** KEYSTORE_FILES, the folder; and NAME_FILE, the path, for each key whose last segment can be the name of a variable. */
  variables: Record<string, string>;
  remove: () => void;
}

/** Writes the files. Undoes what it did if one of them cannot be written. */
export function writeFiles(files: readonly FileOfKey[], prefix: string, where: string | undefined): WrittenFiles {
  const folder = makePrivateFolder(where);
  const links: string[] = [];
  const remove = () => {
    for (const link of links) removeLink(link, folder.path);
    folder.remove();
  };
  try {
    const variables: Record<string, string> = { KEYSTORE_FILES: folder.path };
    for (const file of files) {
      const path = writeFile(folder, file, links);
      const variable = `${prefix}${file.key.slice(file.key.lastIndexOf('/') + 1)}_FILE`;
      if (/^[A-Za-z_]\w*$/.test(variable)) variables[variable] = path;
    }
    return { variables, remove };
  } catch (error) {
    remove();
    if (error instanceof Failure) throw error;
    throw usageFailure(`A file of --file cannot be written: ${(error as Error).message}`);
  }
}

function writeFile(folder: PrivateFolder, { value, path }: FileOfKey, links: string[]): string {
  if (!isAbsolute(path)) return folder.write(path, value);
  const target = folder.write(`links/${links.length}/${basename(path)}`, value);
  removeDeadLink(path);
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw usageFailure(`${path} exists already. Remove it, or choose another path for --file.`);
    throw error;
  }
  links.push(path);
  return path;
}

/** What a run that was killed has left. */
function removeDeadLink(path: string): void {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (isLink && statSync(path, { throwIfNoEntry: false }) === undefined) rmSync(path);
}

function removeLink(path: string, folder: string): void {
  try {
    if (readlinkSync(path).startsWith(folder)) rmSync(path);
  } catch {
    // The command has removed it, or put something else in its place.
  }
}
