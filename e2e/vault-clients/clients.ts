/** The clients of Vault that the suite drives, and what each can be asked for. docs/clients/README.md shows the table. */

/** What is done with each client that can do it. */
export const verbs = [
  'login',
  'login as a user',
  'read',
  'read a version',
  'write',
  'write a folder',
  'cas conflict',
  'patch',
  'metadata',
  'list',
  'delete',
  'undelete',
  'destroy',
  'delete all',
  'lookup',
  'renew',
  'create a token',
  'revoke',
  'refused read',
  'health',
] as const;
export type Verb = (typeof verbs)[number];

export interface Client {
  name: string;
  version: string;
  /** What it has no way to do. */
  lacks: readonly Verb[];
  /** What it runs on. */
  needs: 'python' | 'npm' | 'go' | 'bao' | 'consul-template';
  /** The driver: a file of drivers/, or a program of the Go module there. */
  driver: string;
  env?: Record<string, string>;
}

/** Programs that only fill files in. */
const templates: Pick<Client, 'lacks' | 'driver'> = {
  lacks: [
    ...(['login as a user', 'write', 'write a folder', 'cas conflict', 'patch', 'metadata', 'delete'] as const),
    ...(['undelete', 'destroy', 'delete all', 'lookup', 'renew', 'create a token', 'revoke', 'health'] as const),
  ],
  driver: 'template.mjs',
};

export const clients: readonly Client[] = [
  { name: 'hvac', version: '2.4.0', lacks: [], needs: 'python', driver: 'hvac_driver.py' },
  {
    name: 'ansible, community.hashi_vault',
    version: '2.19.14, 7.1.0',
    lacks: ['patch'],
    needs: 'python',
    driver: 'ansible_driver.py',
  },
  { name: 'node-vault', version: '0.12.0', lacks: [], needs: 'npm', driver: 'node-vault.mjs' },
  { name: '@litehex/node-vault', version: '1.1.4', lacks: [], needs: 'npm', driver: 'litehex.mjs' },
  { name: 'hashicorp/vault/api', version: 'v1.23.0', lacks: [], needs: 'go', driver: 'hashicorp' },
  { name: 'openbao/api/v2', version: 'v2.7.1', lacks: [], needs: 'go', driver: 'openbao' },
  {
    name: 'vault-action (its requests)',
    version: 'v3',
    lacks: [
      ...(['write', 'write a folder', 'cas conflict', 'patch', 'metadata', 'list', 'delete', 'undelete'] as const),
      ...(['destroy', 'delete all', 'lookup', 'renew', 'create a token', 'health'] as const),
    ],
    needs: 'npm',
    driver: 'vault-action.mjs',
  },
  { name: 'the command bao', version: '2.7.2', lacks: [], needs: 'bao', driver: 'bao.mjs' },
  { name: 'bao agent, templates', version: '2.7.2', needs: 'bao', env: { TEMPLATE: 'agent' }, ...templates },
  {
    name: 'consul-template',
    version: '0.41.1',
    needs: 'consul-template',
    env: { TEMPLATE: 'consul-template' },
    ...templates,
  },
];

/** The table of what each client does, for people. */
export function matrix(cell: (client: Client, verb: Verb) => string): string {
  const head = ['', ...clients.map(({ name, version }) => `${name} ${version}`)];
  const rows = verbs.map((verb) => [verb, ...clients.map((client) => cell(client, verb))]);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
