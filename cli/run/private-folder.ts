/**
 * A folder in memory that only this user can enter, for files that hold values. A small process beside it removes it as soon as
 * this process ends, however it ends: it waits for the end of a pipe that this process holds.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Failure, usageFailure } from '../terminal/failure.ts';

/** What statfs(2) calls tmpfs and ramfs: file systems that are not on a disk. */
const memoryFileSystems = [0x01021994, 0x858458f6];

export interface PrivateFolder {
  path: string;
  /** Writes a file below the folder. Returns its full path. */
  write: (name: string, content: string | Buffer) => string;
  remove: () => void;
}

/**
 * Makes such a folder.
 *
 * @param where to make it, if that need not be in memory.
 * @throws Failure if there is no memory file system.
 */
export function makePrivateFolder(where?: string): PrivateFolder {
  const path = mkdtempSync(join(where ?? memoryFolder(), 'keystore-'));
  const guard = startGuard(path);
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      if (relative(path, file).startsWith('..') || file === path)
        throw usageFailure(`${name} is not a path below a folder.`);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
      return file;
    },
    remove() {
      rmSync(path, { recursive: true, force: true });
      guard.stdin?.end();
    },
  };
}

function memoryFolder(): string {
  const places = [process.env.XDG_RUNTIME_DIR, '/dev/shm', `/run/user/${process.getuid?.() ?? ''}`];
  const found = places.find((place) => place?.startsWith('/') && isInMemory(place));
  if (found !== undefined) return found;
  throw new Failure('There is no folder in memory here (tmpfs) for files with values. Choose one with --files-in DIR.');
}

function isInMemory(path: string): boolean {
  try {
    return memoryFileSystems.includes(statfsSync(path).type);
  } catch {
    return false;
  }
}

/** In a session of its own, so that Ctrl-C and a closed terminal do not end it before its work is done. */
function startGuard(path: string): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; rm -rf -- "$1"', 'sh', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  });
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return guard;
}
