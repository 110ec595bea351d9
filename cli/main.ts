/**
 * The command line `keystore`. It is bundled as one file, `keystore.mjs`; each command's code is run when it is needed.
 *
 * Under the names `docker-credential-keystore` and `git-credential-keystore` it is what docker and git look for.
 */

import { basename } from 'node:path';
import { OperatorError } from '../core/operator-error.ts';
import { version } from '../core/version.ts';
import { type Command, readArguments } from './commands/arguments.ts';
import { loaders } from './commands/load.ts';
import { commands } from './commands/table.ts';
import { codeOf, exitCodes, Failure, runFailed, usageFailure } from './terminal/failure.ts';
import { coloured, printable, say } from './terminal/output.ts';

/** What the vault's own file, dist/keystore, takes; it often has the same name. */
const vaultCommands = ['health', 'reset-admin', 'unpack'];

async function main(line: readonly string[]): Promise<number> {
  const [name = '', ...rest] = line;
  if (name === '--version' || name === '-V') {
    say(version);
    return 0;
  }
  const isHelp = ['', 'help', '--help', '-h'].includes(name);
  const command = commands.find((each) => each.name === (isHelp ? (rest[0] ?? '') : name));
  if (isHelp && !command) {
    (await import('./commands/help.ts')).sayHelp();
    return name === '' ? exitCodes.usage : 0;
  }
  if (!command) throw unknownCommand(name);
  const given = isHelp ? undefined : readArguments(command, rest);
  if (given === undefined || given.has('help')) {
    (await import('./commands/help.ts')).sayCommandHelp(command);
    return 0;
  }
  const code = await loaders[command.name]?.();
  return (await code?.run(given)) ?? 0;
}

function unknownCommand(name: string): Failure {
  if (vaultCommands.includes(name)) {
    return usageFailure(
      `"${name}" is a command of the vault's own file, which is called keystore as well. This is the command line for its users.`,
    );
  }
  return usageFailure(`There is no command ${printable(name)}. See: keystore help`);
}

/** The command line that a name of this program stands for. */
function lineOf([, program = '', ...line]: readonly string[]): string[] {
  const helper = /^(docker|git)-credential-keystore/.exec(basename(program))?.[1];
  return helper === undefined ? line : [`${helper}-credential`, ...line];
}

/** Says what went wrong, as JSON if that was asked for. Returns the exit code. */
function report(error: unknown, line: readonly string[]): number {
  const command: Command | undefined = commands.find(({ name }) => name === line[0]);
  const failure = failureOf(error);
  const isRun = command?.hasCommand === true;
  // What the vault says may have been typed by anybody.
  const message = printable(failure.message);
  const split = line.indexOf('--');
  if ((isRun && split !== -1 ? line.slice(0, split) : line).includes('--json')) {
    process.stderr.write(
      `${JSON.stringify({ error: message, ...(failure.status ? { status: failure.status } : {}) })}\n`,
    );
  } else {
    process.stderr.write(`${coloured('red', 'keystore:', process.stderr)} ${message}\n`);
  }
  return isRun && failure.exitCode < runFailed ? runFailed : failure.exitCode;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof OperatorError) return usageFailure(error.message);
  if (codeOf(error) !== '') return new Failure(`It did not work: ${(error as Error).message}`);
  // Only a mistake in this program comes here.
  if (process.env.KEYSTORE_DEBUG) throw error;
  return new Failure(`Something unexpected went wrong: ${(error as Error).message}`);
}

const line = lineOf(process.argv);
process.exitCode = await main(line).catch((error: unknown) => report(error, line));
