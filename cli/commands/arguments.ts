/** What a command takes, as a table entry; and the command line that was read by it. */

import { parseArgs } from 'node:util';
import { codeOf, usageFailure } from '../terminal/failure.ts';

export interface Option {
  /** How help calls its value; none for a switch. */
  value?: string;
  short?: string;
  /** May be given several times. */
  isMultiple?: true;
  help: string;
  /** What its value can be. */
  choices?: readonly string[];
}

export interface Command {
  name: string;
  /** What stands behind the name in help. */
  usage: string;
  summary: string;
  /** Further paragraphs of its help. */
  details?: string;
  options: Readonly<Record<string, Option>>;
  /** How many arguments it takes, without options. */
  arguments: [min: number, max: number];
  /** What its first argument can be. */
  actions?: readonly string[];
  /** Whether a command line follows behind `--`. */
  hasCommand?: true;
  /** Not shown in the list of commands. */
  isHelper?: true;
}

/** What every command takes. */
export const commonOptions: Readonly<Record<string, Option>> = {
  json: { help: 'print JSON, also for errors' },
  help: { short: 'h', help: 'show this help' },
};

/** A command line that fits the table. */
export class Given {
  readonly positionals: readonly string[];
  /** What stands behind `--`. */
  readonly command: readonly string[];
  readonly #values: Record<string, unknown>;

  constructor(positionals: readonly string[], command: readonly string[], values: Record<string, unknown>) {
    this.positionals = positionals;
    this.command = command;
    this.#values = values;
  }

  get json(): boolean {
    return this.has('json');
  }

  /** The argument at this position; empty if it was not given. */
  argument(place: number): string {
    return this.positionals[place] ?? '';
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** The parts of all that was given, as in `--only A,B --only C`. */
  parts(name: string): string[] {
    return this.list(name)
      .flatMap((text) => text.split(','))
      .filter((part) => part !== '');
  }

  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw usageFailure(`--${name} takes a whole number from ${min} to ${max}.`);
  }
}

/** @throws Failure if the command line does not fit. It repeats no argument that may be a value. */
export function readArguments(command: Command, line: readonly string[]): Given {
  const split = command.hasCommand ? line.indexOf('--') : -1;
  const own = split === -1 ? line : line.slice(0, split);
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...commonOptions }).map(([name, { value, short, isMultiple }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        multiple: isMultiple === true,
        ...(short ? { short } : {}),
      } as const,
    ]),
  );
  const given = parse([...own], options, command.name);
  const result = new Given(given.positionals, split === -1 ? [] : line.slice(split + 1), given.values);
  if (!result.has('help')) check(command, result);
  return result;
}

function parse(args: string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options'], name: string) {
  try {
    return parseArgs({ args, options: options ?? {}, allowPositionals: true });
  } catch (error) {
    if (!codeOf(error).startsWith('ERR_PARSE_ARGS')) throw error;
    const [what = ''] = (error as Error).message.split(/\. (?:To|Did|If|This)/);
    throw usageFailure(`${what.replace(/\.$/, '')}. See: keystore ${name} --help`);
  }
}

function check(command: Command, given: Given): void {
  const [min, max] = command.arguments;
  const count = given.positionals.length;
  const usage = `Write: keystore ${command.name} ${command.usage}`;
  if (count < min) throw usageFailure(`The command lacks an argument. ${usage}`);
  if (count > max) throw usageFailure(`The command has an argument too many. ${usage}`);
  if (command.hasCommand && given.command.length === 0) throw usageFailure(`There is no command behind "--". ${usage}`);
  const action = given.positionals[0];
  if (command.actions && action !== undefined && !command.actions.includes(action)) {
    throw usageFailure(`There is no keystore ${command.name} ${action}. There are: ${command.actions.join(', ')}.`);
  }
  for (const [name, { choices }] of Object.entries(command.options)) {
    const value = given.text(name);
    if (choices && value !== undefined && !choices.includes(value)) {
      throw usageFailure(`--${name} takes one of: ${choices.join(', ')}.`);
    }
  }
}
