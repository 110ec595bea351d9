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
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
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
  // A virtual environment has absolute paths in it, so it cannot be made under another name.
  const folder = join(toolCache, `python-${fingerprintOf(files)}`);
  const isDone = join(folder, 'done');
  if (existsSync(isDone)) return { path: folder };
  const options = { timeout: maxBuildMs, maxBuffer: 64 * 1024 * 1024 };
  const pip = (...args: string[]) =>
    run(join(folder, 'venv/bin/pip'), [...args, '--quiet', '--disable-pip-version-check'], options);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await run(python, ['-m', 'venv', join(folder, 'venv')], options);
    await pip('install', '--requirement', requirements);
    if (collections) {
      const wheels = join(folder, 'wheels');
      await pip('download', '--no-deps', '--only-binary=:all:', '--dest', wheels, '--requirement', collections.file);
      await run(join(folder, 'venv/bin/python'), [
        '-c',
        unpack,
        wheels,
        join(folder, 'collections'),
        ...collections.names,
      ]);
      rmSync(wheels, { recursive: true });
    }
    mkdirSync(isDone);
    return { path: folder };
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
