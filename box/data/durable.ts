/** Writes that survive a power failure once they return. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file (mode 0600) under a temporary name and renames it, so that it is never there in part. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.partial`, content, { mode: 0o600 });
  sync(`${file}.partial`);
  renameSync(`${file}.partial`, file);
  sync(dirname(file));
}

/**
 * Replaces a file as `writeDurably` does. If its name is a link, the link stays and the file that it leads to is replaced.
 * Owner, group and mode stay as they are, as far as this user may set them.
 */
export function replaceDurably(file: string, content: string | Uint8Array): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const before = statSync(target, { throwIfNoEntry: false });
  const partial = `${target}.partial`;
  try {
    writeFileSync(partial, content, { mode: 0o600 });
    if (before) chmodSync(partial, giveTo(partial, before) ? before.mode & 0o777 : before.mode & 0o700);
    sync(partial);
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  sync(dirname(target));
}

/** Gives a file of this user to another owner and group. Returns whether it has that group now: its members may read it. */
function giveTo(file: string, { uid, gid }: { uid: number; gid: number }): boolean {
  for (const owner of [uid, process.getuid?.() ?? uid]) {
    try {
      chownSync(file, owner, gid);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    }
  }
  return false;
}

/** Flushes a file, or the entries of a folder, to the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
