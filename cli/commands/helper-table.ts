/** The commands that other programs call, as `table.ts` has all others. */

import type { Command, Option } from './arguments.ts';
import { offline } from './offline-options.ts';

const credentialOptions: Record<string, Option> = {
  prefix: { value: 'FOLDER', help: 'the folder of the credentials' },
};

export const helperCommands: readonly Command[] = [
  {
    name: 'git-credential',
    usage: 'get | store | erase',
    summary: 'answer git, as its credential helper',
    details:
      'Set it up with: git config --global credential.helper "!keystore git-credential"\n' +
      'The key git/HOST holds the password; its label "username" says for whom.',
    options: {
      ...credentialOptions,
      name: { value: 'KEY', help: 'this key, whatever the host' },
      username: { value: 'NAME', help: 'the user name, if neither git nor the label says it' },
      write: { help: 'also store new credentials, and move refused ones to the trash' },
    },
    arguments: [1, 1],
    isHelper: true,
  },
  {
    name: 'docker-credential',
    usage: 'get | store | erase | list',
    summary: 'answer docker, as its credential helper',
    details:
      'Docker looks for a program docker-credential-keystore: link that name to this program, and set "credsStore" or\n' +
      '"credHelpers" in ~/.docker/config.json to "keystore".',
    options: credentialOptions,
    arguments: [1, 1],
    actions: ['get', 'store', 'erase', 'list'],
    isHelper: true,
  },
  {
    name: 'aws-credential-process',
    usage: 'FOLDER',
    summary: 'answer the AWS CLI and SDKs, as their credential_process',
    details:
      'In ~/.aws/config: credential_process = keystore aws-credential-process shop/aws\n' +
      'The folder holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if there is one.',
    options: offline,
    arguments: [1, 1],
    isHelper: true,
  },
];
