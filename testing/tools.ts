/**
 * Programs that some tests need and a machine may lack. Such a test says why it is skipped; with CI=true it fails instead. What can be made
 * from source is made once, in a cache outside the project.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

const maxBuildMs = 10 * 60_000;

/** Where tools are kept: `~/.cache/keystore-tests`. */
const toolCache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keystore-tests');

/** A tool's path; or, in words, why there is none. */
export type Tool = { path: string } | { missing: string };

/** The program of that name on the PATH. */
export function findProgram(name: string): string | undefined {
  const isProgram = (path: string) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/** Makes a folder in the cache, whole or not at all: it is filled under another name. */
async function inCache(name: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(toolCache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(toolCache, { recursive: true });
  const partial = mkdtempSync(join(toolCache, 'partial-'));
  try {
    await fill(partial);
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** A program written in Go: from the PATH, from the cache, or built by `go install` in a minute or so. */
export async function goProgram(name: string, module: string, version: string): Promise<Tool> {
  const found = findProgram(name);
  if (found !== undefined) return { path: found };
  if (findProgram('go') === undefined) return { missing: `neither ${name} nor Go is installed` };
  try {
    const folder = await inCache(`${name}-${version}`, (partial) =>
      run('go', ['install', `${module}@${version}`], {
        env: { ...process.env, GOBIN: partial, GOFLAGS: '-mod=mod' },
        timeout: maxBuildMs,
      }),
    );
    return { path: join(folder, name) };
  } catch (error) {
    return { missing: `go install ${module}@${version} failed: ${(error as Error).message.split('\n').at(-2)}` };
  }
}

/** The path of a tool. Without it the test that asks is skipped; with CI=true it fails, unless `isOptional`. */
export function needTool(tool: Tool, skip: (note: string) => never, isOptional = false): string {
  if ('path' in tool) return tool.path;
  if (process.env.CI && !isOptional) throw new Error(`With CI=true this test must run, but ${tool.missing}.`);
  return skip(`${tool.missing}`);
}
