/** Writes that survive a power failure once they return. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file (mode 0600) under a temporary name and renames it, so that it is never there in part. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.partial`, content, { mode: 0o600 });
  sync(`${file}.partial`);
  renameSync(`${file}.partial`, file);
  sync(dirname(file));
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
