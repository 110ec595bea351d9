/** The commands, and what each takes. Help, completion and reading the command line all come from this table. */

import { nameFormats, variableFormats } from '../formats/export.ts';
import type { Command, Option } from './arguments.ts';
import { helperCommands } from './helper-table.ts';
import { logFilters } from './log-filters.ts';
import { offline } from './offline-options.ts';

const naming: Record<string, Option> = {
  map: { value: 'KEY=NAME', isMultiple: true, help: 'call the variable of this key NAME' },
  only: { value: 'KEY', isMultiple: true, help: 'only this key; several with commas' },
  except: { value: 'KEY', isMultiple: true, help: 'all but this key; several with commas' },
  prefix: { value: 'TEXT', help: 'put this before the names of variables' },
  allow: { value: 'NAME', isMultiple: true, help: 'take this variable though programs act upon it, such as PATH' },
};

const fields: Record<string, Option> = {
  description: { value: 'TEXT', help: 'what the key is for; everybody who may list it can read that' },
  label: { value: 'NAME=VALUE', isMultiple: true, help: 'a label; replaces all that there are' },
  expires: { value: 'TIME', help: 'when the key expires: a day, or a time with its zone' },
  'rotate-every': { value: 'DAYS', help: 'remind of a new value after so many days' },
};

export const commands: readonly Command[] = [
  {
    name: 'login',
    usage: '[URL]',
    summary: 'sign in, and keep the token in a file that only you can read',
    options: {
      user: { value: 'NAME', help: 'your user name' },
      'password-stdin': { help: 'read the password from standard input' },
      'token-stdin': { help: 'keep a token that is on standard input, such as a service token' },
    },
    arguments: [0, 1],
  },
  {
    name: 'logout',
    usage: '',
    summary: 'end the session, and remove its token and its copies of values',
    options: {},
    arguments: [0, 0],
  },
  {
    name: 'whoami',
    usage: '',
    summary: 'who you are to the vault, and until when',
    options: {},
    arguments: [0, 0],
  },
  {
    name: 'status',
    usage: '',
    summary: 'whether the vault can be reached and is healthy, and who you are',
    options: {},
    arguments: [0, 0],
  },
  {
    name: 'ls',
    usage: '[FOLDER]',
    summary: 'list the names of keys, without their values',
    options: {
      long: { short: 'l', help: 'also version, role, and when it was changed' },
      tree: { help: 'as a tree of folders' },
      due: { value: 'DAYS', help: 'only keys that expire or are due for rotation within this many days' },
      label: { value: 'NAME:VALUE', help: 'only keys with this label' },
    },
    arguments: [0, 1],
  },
  {
    name: 'get',
    usage: 'NAME',
    summary: 'print a value, byte for byte',
    options: { version: { value: 'N', help: 'an earlier value' }, ...offline },
    arguments: [1, 1],
  },
  {
    name: 'set',
    usage: 'NAME',
    summary: 'store a value: from standard input, a file or a prompt',
    details:
      'A value is never an argument: other users of a machine see those (ps), and shells remember them. Of one line on standard\n' +
      'input the line end is left out, as "echo" adds one; --exact keeps it. A file is stored byte for byte.',
    options: {
      file: { value: 'PATH', short: 'f', help: 'the file that holds the value' },
      generate: { help: 'make a random value of letters and digits' },
      length: { value: 'N', help: 'the length of a random value (32)' },
      exact: { help: 'keep a line end at the end of standard input' },
      new: { help: 'fail if there is a key of that name' },
      ...fields,
    },
    arguments: [1, 1],
  },
  {
    name: 'edit',
    usage: 'NAME',
    summary: 'change a value in your editor ($VISUAL, $EDITOR), in a file in memory',
    options: { 'files-in': { value: 'DIR', help: 'where the file is, if that need not be in memory' } },
    arguments: [1, 1],
  },
  {
    name: 'mv',
    usage: 'OLD NEW',
    summary: 'give a key another name, with all its versions',
    options: {},
    arguments: [2, 2],
  },
  {
    name: 'rm',
    usage: 'NAME...',
    summary: 'move keys to the trash',
    options: {},
    arguments: [1, 1_000],
  },
  {
    name: 'history',
    usage: 'NAME',
    summary: 'the versions of a key',
    options: {},
    arguments: [1, 1],
  },
  {
    name: 'restore',
    usage: 'NAME',
    summary: 'make an earlier version the newest, or take a key out of the trash',
    options: {
      version: { value: 'N', help: 'the version; without it, the key is taken out of the trash' },
      'trash-id': { value: 'ID', help: 'which one, if several in the trash have that name' },
      as: { value: 'NAME', help: 'another name for the key from the trash' },
    },
    arguments: [1, 1],
  },
  {
    name: 'import',
    usage: 'FILE',
    summary: 'store the keys of a .env, JSON or CSV file: all of them, or none',
    details:
      'Shows what would happen, and asks. "-" is standard input. Reads .env, JSON, and exports of 1Password, Bitwarden and\nInfisical.',
    options: {
      to: { value: 'FOLDER', help: 'the folder for the keys' },
      'on-conflict': {
        value: 'WHAT',
        choices: ['fail', 'skip', 'update'],
        help: 'what to do with keys that have another value: fail (which is usual), skip or update',
      },
      'dry-run': { help: 'only show what would happen' },
      yes: { short: 'y', help: 'do not ask' },
    },
    arguments: [1, 1],
  },
  {
    name: 'export',
    usage: 'FOLDER... --format FORMAT',
    summary: 'print values as env, json, yaml, shell, fish or docker',
    details:
      'env, shell, fish and docker have a variable for each key, named like the last part of its name; json and yaml keep names\n' +
      'below the folder. Sourcing "shell" (bash, dash, zsh) or "fish" runs nothing.',
    options: {
      format: { value: 'FORMAT', choices: [...variableFormats, ...nameFormats], help: 'how to write them' },
      out: { value: 'PATH', short: 'o', help: 'write a new file that only you can read' },
      ...naming,
      ...offline,
    },
    arguments: [1, 100],
  },
  {
    name: 'run',
    usage: 'FOLDER... [OPTIONS] -- COMMAND...',
    summary: 'run a command with values as environment variables',
    details:
      'A variable is named like the last part of the name of its key. Of several folders the later one counts. The exit code is the\n' +
      "command's, and 128 and the number of the signal that ended it; 125 if the command was not run, 126 and 127 as in shells.",
    options: {
      ...naming,
      file: { value: 'KEY=PATH', isMultiple: true, help: 'pass this key as a file in a private folder in memory' },
      'files-in': { value: 'DIR', help: 'where that folder is, if it need not be in memory' },
      'no-inherit-env': { help: 'nothing in the environment but the values' },
      keep: { value: 'NAME', isMultiple: true, help: 'with --no-inherit-env, keep this variable; several with commas' },
      'pass-token': { help: "leave KEYSTORE_TOKEN in the command's environment" },
      mask: { help: 'replace values in the output by ***, on a terminal as well' },
      'no-mask': { help: 'leave the output as it is' },
      watch: { help: 'start the command again when a value changes' },
      interval: { value: 'SECONDS', help: 'how often --watch looks (30); each look is in the log' },
      ...offline,
    },
    arguments: [1, 100],
    hasCommand: true,
  },
  {
    name: 'projects',
    usage: '[ls | show NAME | create NAME | member NAME USER ROLE | remove-member NAME USER | rm NAME]',
    summary: 'projects and their members',
    options: { description: { value: 'TEXT', help: 'what the project is for' } },
    arguments: [0, 4],
    actions: ['ls', 'show', 'create', 'member', 'remove-member', 'rm'],
  },
  {
    name: 'tokens',
    usage: '[ls | show ID | create NAME (--scope SCOPE... | --access audit) | rotate ID | revoke ID]',
    summary: 'service tokens, by which programs sign in',
    details: 'The secret of a new token is on standard output, or in the file of --out, and cannot be read again.',
    options: {
      scope: { value: 'SCOPE', isMultiple: true, help: "a key, all below a folder ('shop/prod/*'), or all ('*')" },
      project: { value: 'NAME', help: 'a token of this project, which stays when people leave' },
      access: {
        value: 'WHAT',
        choices: ['read', 'write', 'manage', 'audit'],
        help: 'read (which is usual), write, manage, or audit for the log and no keys',
      },
      'expires-in-days': { value: 'DAYS', help: 'from 1 to 3650' },
      expires: { value: 'TIME', help: 'a day, or a time with its zone' },
      address: { value: 'RANGE', isMultiple: true, help: 'only from here, such as 10.0.0.0/8' },
      grace: { value: 'MINUTES', help: 'how long the secret before a rotation works as well (0)' },
      out: { value: 'PATH', short: 'o', help: 'write the secret into a new file that only you can read' },
    },
    arguments: [0, 2],
    actions: ['ls', 'show', 'create', 'rotate', 'revoke'],
  },
  {
    name: 'logs',
    usage: '',
    summary: 'the access log, the oldest entry first',
    options: {
      follow: { short: 'f', help: 'go on with new entries until Ctrl-C' },
      interval: { value: 'SECONDS', help: 'how often --follow asks (3)' },
      ...logFilters,
      limit: { value: 'N', help: 'how many, up to 500' },
    },
    arguments: [0, 0],
  },
  {
    name: 'audit',
    usage: 'key | pin DIR',
    summary: 'the public key of the log, and checkpoints of it to keep elsewhere',
    details:
      'pin seals the log, checks that it continues the newest checkpoint in DIR, and adds DIR/SIZE.checkpoint. If it does not, nothing is\n' +
      'written, and something in the log was changed or the vault was set back. For admins, and for tokens with --access audit.',
    options: {
      'public-key': { value: 'KEY', help: 'what keystore audit key has printed before: another one is refused' },
    },
    arguments: [1, 2],
    actions: ['key', 'pin'],
  },
  {
    name: 'completion',
    usage: 'bash | zsh | fish',
    summary: 'print a script that completes commands and options in your shell',
    options: {},
    arguments: [1, 1],
    actions: ['bash', 'zsh', 'fish'],
  },
  ...helperCommands,
];
