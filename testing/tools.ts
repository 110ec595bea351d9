/**
 * Programs that some tests need and a machine may lack. Such a test says why it is skipped; with CI=true it fails instead. What can be made
 * from source is made once, in a cache outside the project.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

/** How often a process looks whether another one has made what it needs. */
const lockIntervalMs = 250;

/**
 * Makes a folder in the cache, if it is not there. Test files run side by side, so one process makes it and the others wait; what one
 * that was killed has left is made anew.
 */
async function inCache(name: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(toolCache, name);
  const [done, lock] = [join(folder, '.done'), `${folder}.lock`];
  mkdirSync(toolCache, { recursive: true });
  while (!existsSync(done)) {
    if (!takeLock(lock)) {
      await delay(lockIntervalMs);
      continue;
    }
    try {
      if (existsSync(done)) break;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      await fill(folder);
      writeFileSync(done, '');
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return folder;
}

function takeLock(lock: string): boolean {
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (since !== undefined && Date.now() - since > maxBuildMs) rmSync(lock, { recursive: true, force: true });
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
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
    return { missing: `go install ${module}@${version} failed: ${firstError(error)}` };
  }
}

/** What differs when one of the files does. */
function fingerprintOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/**
 * A folder with a virtual environment of Python, `venv`, in which the packages of a file of requirements are.
 *
 * @param collections a file that pins the package `ansible`, of which only these collections are taken: as a whole it is half a gigabyte.
 *   They are in the folder `collections` then.
 */
export async function pythonEnvironment(
  requirements: string,
  collections?: { file: string; names: readonly string[] },
): Promise<Tool> {
  const python = findProgram('python3');
  if (python === undefined) return { missing: 'Python 3 is not installed' };
  const files = [requirements, ...(collections ? [collections.file] : [])];
  const options = { timeout: maxBuildMs, maxBuffer: 64 * 1024 * 1024 };
  try {
    const path = await inCache(`python-${fingerprintOf(files)}`, async (folder) => {
      const [venv, wheels] = [join(folder, 'venv'), join(folder, 'wheels')];
      const pip = (...args: string[]) =>
        run(join(venv, 'bin/pip'), [...args, '--quiet', '--disable-pip-version-check'], options);
      await run(python, ['-m', 'venv', venv], options);
      await pip('install', '--requirement', requirements);
      if (!collections) return;
      await pip('download', '--no-deps', '--only-binary=:all:', '--dest', wheels, '--requirement', collections.file);
      await run(join(venv, 'bin/python'), ['-c', unpack, wheels, join(folder, 'collections'), ...collections.names]);
      rmSync(wheels, { recursive: true });
    });
    return { path };
  } catch (error) {
    return { missing: `the packages of ${basename(requirements)} could not be installed: ${firstError(error)}` };
  }
}

/** Takes some folders out of the one wheel in a folder. */
const unpack = `
import pathlib, sys, zipfile
wheels, target, *names = sys.argv[1:]
[wheel] = pathlib.Path(wheels).glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    wanted = [name for name in archive.namelist() if any(name.startswith(f"ansible_collections/{each}/") for each in names)]
    archive.extractall(target, wanted)
`;

function firstError(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  return stderr.trim().split('\n').at(-1) || message;
}

/** A folder with the packages that a package-lock.json pins. */
export async function npmPackages(folder: string): Promise<Tool> {
  const files = ['package.json', 'package-lock.json'].map((name) => join(folder, name));
  try {
    const path = await inCache(`npm-${fingerprintOf(files)}`, async (partial) => {
      for (const file of files) cpSync(file, join(partial, basename(file)));
      await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: partial, timeout: maxBuildMs });
    });
    return { path };
  } catch (error) {
    return { missing: `npm ci failed: ${firstError(error)}` };
  }
}

/** A folder with the programs of a Go module, built. */
export async function goPrograms(module: string, sources: readonly string[]): Promise<Tool> {
  const go = findProgram('go');
  if (go === undefined) return { missing: 'Go is not installed' };
  const name = `go-${fingerprintOf(['go.mod', 'go.sum', ...sources].map((file) => join(module, file)))}`;
  try {
    const path = await inCache(name, (partial) =>
      run(go, ['build', '-o', `${partial}/`, './...'], { cwd: module, timeout: maxBuildMs }),
    );
    return { path };
  } catch (error) {
    return { missing: `go build failed: ${firstError(error)}` };
  }
}

/** The path of a tool. Without it the test that asks is skipped; with CI=true it fails, unless `isOptional`. */
export function needTool(tool: Tool, skip: (note: string) => never, isOptional = false): string {
  if ('path' in tool) return tool.path;
  if (process.env.CI && !isOptional) throw new Error(`With CI=true this test must run, but ${tool.missing}.`);
  return skip(`${tool.missing}`);
}
