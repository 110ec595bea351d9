/** Help for people: the list of commands, and what one of them takes. */

import { coloured, say } from '../terminal/output.ts';
import { type Command, commonOptions, type Option } from './arguments.ts';
import { commands } from './table.ts';

export function sayHelp(): void {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = (isHelper: boolean) =>
    commands
      .filter((command) => (command.isHelper ?? false) === isHelper)
      .map(({ name, summary }) => `  ${coloured('cyan', name.padEnd(width))}  ${summary}`);
  say(
    [
      'keystore COMMAND ...: reads and changes the keys of a Keystore vault.',
      '',
      ...lines(false),
      '',
      'For other programs:',
      ...lines(true),
      '',
      'Each takes --help and --json. The vault is KEYSTORE_URL, the token KEYSTORE_TOKEN or the file KEYSTORE_TOKEN_FILE;',
      'without them, what "keystore login" has stored.',
    ].join('\n'),
  );
}

export function sayCommandHelp(command: Command): void {
  const lines = Object.entries({ ...command.options, ...commonOptions }).map(optionLine);
  const width = Math.max(...lines.map(([left]) => left.length));
  say(
    [
      coloured('bold', `keystore ${command.name} ${command.usage}`.trimEnd()),
      '',
      `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
      ...(command.details === undefined ? [] : ['', command.details]),
      '',
      ...lines.map(([left, help]) => `  ${coloured('cyan', left.padEnd(width))}  ${help}`),
    ].join('\n'),
  );
}

function optionLine([name, { short, value, help, isMultiple }]: [string, Option]): [left: string, help: string] {
  const left = `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
  return [left, isMultiple ? `${help} (can be repeated)` : help];
}
