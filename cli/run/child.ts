/** Runs a command: passes signals on, masks what it prints, and says how it ended. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { constants as system } from 'node:os';
import { delimiter, join } from 'node:path';
import { cannotExecute, codeOf, commandNotFound, Failure, runFailed } from '../terminal/failure.ts';

/** Passed on always. A terminal sends SIGINT, SIGQUIT and SIGTSTP to the command itself. */
const forwarded = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
const fromTerminals = ['SIGINT', 'SIGQUIT'] as const;

export interface Masking {
  stdout: boolean;
  stderr: boolean;
}

export interface Running {
  /** Resolves when the command and its output have ended, with its exit code, or 128 and the number of the signal. */
  ended: Promise<number>;
  kill: (signal: NodeJS.Signals) => void;
}

/**
 * Starts a command in this environment, and no other.
 *
 * @param patterns what is masked in the streams that `masking` names.
 * @throws Failure if it cannot be started, with the exit code that shells have for that.
 */
export async function startCommand(
  [command = '', ...args]: readonly string[],
  env: Record<string, string>,
  masking: Masking,
  patterns: () => Buffer[],
): Promise<Running> {
  const stdio: SpawnOptions['stdio'] = [
    'inherit',
    masking.stdout ? 'pipe' : 'inherit',
    masking.stderr ? 'pipe' : 'inherit',
  ];
  const child = start(locate(command), args, { env, stdio, argv0: command });
  const ended = endOf(child, command);
  // This only prevents the warning of an unhandled rejection: the error reaches whoever awaits it later.
  ended.catch(() => {});
  await maskOutput(child, patterns);
  return { ended, kill: (signal) => child.kill(signal) };
}

function start(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(file, args, options);
  } catch (error) {
    if (codeOf(error) !== 'E2BIG') throw error;
    throw new Failure('The values are too large for environment variables. Pass the largest with --file.', runFailed);
  }
}

/** The file that a command's name stands for, by this process's PATH: the command may have none. */
function locate(command: string): string {
  if (command.includes('/')) return command;
  const folders = (process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  const found = folders.map((folder) => join(folder || '.', command)).find(isExecutable);
  if (found === undefined) throw new Failure(`There is no command ${command}.`, commandNotFound);
  return found.includes('/') ? found : `./${found}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function endOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailure(command, error)));
    // Not `exit`: the output may end later.
    child.once('close', (code, signal) =>
      resolve(signal === null ? (code ?? runFailed) : 128 + (system.signals[signal] ?? 0)),
    );
  });
}

function startFailure(command: string, error: Error): Failure {
  const code = codeOf(error);
  if (code === 'ENOENT') return new Failure(`There is no command ${command}.`, commandNotFound);
  if (code === 'E2BIG') {
    return new Failure('The values are too large for environment variables. Pass the largest with --file.', runFailed);
  }
  return new Failure(`${command} cannot be executed (${code || error.message}).`, cannotExecute);
}

async function maskOutput(child: ChildProcess, patterns: () => Buffer[]): Promise<void> {
  if (!child.stdout && !child.stderr) return;
  const { maskingStream } = await import('./masker.ts');
  const wanted = patterns();
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    if (!from) continue;
    // A reader that went away, as `head` does, ends the command at its next line.
    to.on('error', () => from.destroy());
    from.pipe(maskingStream(wanted)).pipe(to, { end: false });
  }
}

/**
 * Calls back for each signal to pass on. SIGINT and SIGQUIT are passed on only without a terminal, which sends them to the command itself.
 *
 * @returns a function that ends this.
 */
export function onSignals(handle: (signal: NodeJS.Signals) => void): () => void {
  const listeners = [...forwarded, ...fromTerminals].map((signal) => {
    const isTerminals = (fromTerminals as readonly string[]).includes(signal);
    const listener = () => {
      if (!isTerminals || !isInForeground()) handle(signal);
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** Whether this process is in the foreground of a terminal, so that Ctrl-C reaches it and its children alike. */
function isInForeground(): boolean {
  try {
    // proc(5): behind the name in brackets come state, parent, group, session, terminal and the terminal's foreground group.
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && group === foreground;
  } catch {
    return process.stdin.isTTY === true || process.stdout.isTTY === true || process.stderr.isTTY === true;
  }
}
