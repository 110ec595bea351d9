/** Shared by the suites of the standalone file. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../../testing/vault.ts';

export const project = resolve(import.meta.dirname, '../..');
export const program = join(project, 'dist/keystore');

/** The environment of a vault whose env file is in `folder`. */
export function environment(folder: string, port: number, env: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    PORT: String(port),
    KEYSTORE_DATA: join(folder, 'data'),
    KEYSTORE_ENV: join(folder, '.env'),
    KEYSTORE_CACHE: join(project, 'dist/cache'),
    ...env,
  };
}

/** Starts it where it must refuse. Returns its error output. */
export async function refusal(folder: string, env: Record<string, string> = {}): Promise<string> {
  const { status, stderr } = spawnSync(program, [], {
    cwd: folder,
    env: environment(folder, await freePort(), env),
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(status).toBe(1);
  return stderr;
}

/** The folders that a launcher keeps while it runs, by its process id. */
export function runFolders(pid: number | undefined): string[] {
  return existsSync('/dev/shm')
    ? readdirSync('/dev/shm')
        .filter((name) => name.startsWith(`keystore-run.${pid}.`))
        .map((name) => join('/dev/shm', name))
    : [];
}

/** Whether a process runs. A zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
