/** Writes values in the formats of `keystore export`. Reading or sourcing what it writes gives the same bytes, and runs nothing. */

import { OperatorError } from '../../core/operator-error.ts';
import { formatSetting } from '../../core/settings/env-format.ts';
import { usageFailure } from '../terminal/failure.ts';
import type { Variable } from './variables.ts';

/** Formats of variables, and formats that keep the names of keys. */
export const variableFormats = ['env', 'shell', 'fish', 'docker'] as const;
export const nameFormats = ['json', 'yaml'] as const;
export type VariableFormat = (typeof variableFormats)[number];
export type NameFormat = (typeof nameFormats)[number];

const writers: Record<VariableFormat, (of: Variable) => string> = {
  env: envLine,
  shell: ({ variable, value, key }) => `export ${variable}=${shellWord(withoutNul(key, value, 'shell'))}`,
  fish: ({ variable, value, key }) => `set -gx ${variable} ${shellWord(withoutNul(key, value, 'fish'))}`,
  docker: dockerLine,
};

/** One line, or more for values with line ends, for each variable. */
export function writeVariables(format: VariableFormat, variables: readonly Variable[]): string {
  return variables.map((each) => `${writers[format](each)}\n`).join('');
}

/** An object of names and values. */
export function writeNames(format: NameFormat, values: Record<string, string>): string {
  if (format === 'json') return `${JSON.stringify(values, null, 2)}\n`;
  const lines = Object.entries(values).map(([name, value]) => `${yamlText(name)}: ${yamlText(value)}\n`);
  return lines.length === 0 ? '{}\n' : lines.join('');
}

/** As `keystore import`, Docker Compose and dotenv libraries read it. */
function envLine({ variable, value, key }: Variable): string {
  try {
    return formatSetting(variable, value);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw usageFailure(
      `${key} holds a control character, which an env file cannot hold. Use --format json, or --except.`,
    );
  }
}

/**
 * A word that is the value, and nothing else, to POSIX shells, zsh and fish. Between single quotes everything means itself, but to
 * fish a backslash may not. So quotes and backslashes stand outside of them, each behind a backslash.
 */
function shellWord(value: string): string {
  return `'${value.replace(/['\\]/g, (character) => `'\\${character}'`)}'`;
}

/** What `docker run --env-file` reads: no quotes, one line each (github.com/docker/cli, opts/file.go). */
function dockerLine({ variable, value, key }: Variable): string {
  if (/[\n\r]/.test(withoutNul(key, value, 'docker'))) {
    throw usageFailure(`${key} has line ends, which Docker's env files cannot hold. Leave it out with --except.`);
  }
  return `${variable}=${value}`;
}

function withoutNul(key: string, value: string, format: VariableFormat): string {
  if (!value.includes('\0')) return value;
  throw usageFailure(`${key} holds a NUL byte, which no variable can hold (--format ${format}). Use --format json.`);
}

/** A double-quoted scalar (YAML 1.2, section 7.3.1): JSON's, with every character escaped that is not printable in YAML. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
