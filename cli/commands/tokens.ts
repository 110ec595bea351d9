/** `keystore tokens`: service tokens, by which programs sign in. */

import { usageFailure } from '../terminal/failure.ts';
import { note, printable, say, sayJson, sayTable, shownTime } from '../terminal/output.ts';
import { openVault, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';
import { writeNew } from './new-file.ts';

interface Token {
  id: number;
  name: string;
  owner: string | null;
  project: string | null;
  scopes: string[];
  access: string;
  allowed_addresses: string[];
  expires_at: string | null;
  last_used_at: string | null;
  last_used_address: string | null;
  revoked_at: string | null;
}

/** As it is answered once, when it is made or rotated. */
type MadeToken = Token & { token: string };

type Action = (vault: Vault, given: Given) => Promise<void>;

const actions: Record<string, { takes: number; act: Action }> = {
  ls: { takes: 0, act: list },
  show: { takes: 1, act: show },
  create: { takes: 1, act: create },
  rotate: { takes: 1, act: rotate },
  revoke: { takes: 1, act: revoke },
};

export async function run(given: Given): Promise<undefined> {
  const name = given.argument(0) || 'ls';
  const action = actions[name];
  const count = Math.max(0, given.positionals.length - 1);
  if (action === undefined || count !== action.takes) {
    throw usageFailure(`keystore tokens ${name} lacks an argument, or has one too many. See: keystore tokens --help`);
  }
  await action.act(openVault(), given);
}

async function list(vault: Vault, given: Given): Promise<void> {
  const tokens: Token[] = [];
  let before: number | undefined;
  do {
    const { body } = await vault.ask<{ tokens: Token[]; next?: number }>('GET', '/tokens', { query: { before } });
    tokens.push(...body.tokens);
    before = body.next;
  } while (before !== undefined);
  if (given.json) sayJson({ tokens });
  else {
    sayTable(
      ['ID', 'NAME', 'OF', 'ACCESS', 'SCOPES', 'EXPIRES', 'LAST USED', ''],
      tokens.map((each) => [
        String(each.id),
        each.name,
        ownerOf(each),
        each.access,
        each.scopes.join(' '),
        shownTime(each.expires_at),
        shownTime(each.last_used_at),
        each.revoked_at === null ? '' : 'revoked',
      ]),
    );
  }
}

function ownerOf({ owner, project }: Token): string {
  return owner ?? `project ${project ?? ''}`;
}

async function show(vault: Vault, given: Given): Promise<void> {
  const { body } = await vault.ask<Token>('GET', pathOf(given));
  if (given.json) sayJson(body);
  else {
    const lines: [string, string][] = [
      ['id', String(body.id)],
      ['name', body.name],
      ['of', ownerOf(body)],
      ['access', body.access],
      ['scopes', body.scopes.join(' ')],
      ['addresses', body.allowed_addresses.join(' ') || 'any'],
      ['expires', shownTime(body.expires_at) || 'never'],
      ['last used', [shownTime(body.last_used_at), body.last_used_address].filter(Boolean).join(' from ') || 'never'],
      ...(body.revoked_at === null ? [] : [['revoked', shownTime(body.revoked_at)] satisfies [string, string]]),
    ];
    for (const [name, value] of lines) say(`${name.padEnd(9)}  ${printable(value)}`);
  }
}

async function create(vault: Vault, given: Given): Promise<void> {
  const scopes = given.list('scope');
  const access = given.text('access') ?? 'read';
  if (access === 'audit' && scopes.length > 0)
    throw usageFailure('A token with --access audit reads the log and no keys. Leave out --scope.');
  if (scopes.length === 0 && access !== 'audit')
    throw usageFailure("Which keys? Add --scope, such as 'shop/prod/*', or '*' for all that you reach.");
  const [days, time] = [given.number('expires-in-days', 1, 3_650), given.text('expires')];
  if (days === undefined && time === undefined) note('The token will not expire. --expires-in-days gives it an end.');
  const body = {
    name: given.argument(1),
    project: given.text('project') ?? null,
    scopes,
    access,
    allowed_addresses: given.list('address'),
    ...(days === undefined ? {} : { expires_in_days: days }),
    ...(time === undefined ? {} : { expires_at: time }),
  };
  await hand(given, () => vault.ask<MadeToken>('POST', '/tokens', { body }));
}

async function rotate(vault: Vault, given: Given): Promise<void> {
  const grace = given.number('grace', 0, 10_080) ?? 0;
  const path = `${pathOf(given)}/rotate`;
  await hand(given, () => vault.ask<MadeToken>('POST', path, { body: { grace_minutes: grace } }));
}

/** The secret alone on standard output, or in a file, so that a script can take it. It cannot be read again. */
async function hand(given: Given, make: () => Promise<{ body: MadeToken }>): Promise<void> {
  const path = given.text('out');
  if (path !== undefined) {
    const { token: _secret, ...rest } = (await writeNew(path, make, ({ body }) => `${body.token}\n`)).body;
    if (given.json) sayJson(rest);
    else note(`It is the token ${rest.id}.`);
    return;
  }
  const { body } = await make();
  if (given.json) sayJson(body);
  else {
    note(`This is the token ${body.id}. It is shown this once.`);
    say(body.token);
  }
}

async function revoke(vault: Vault, given: Given): Promise<void> {
  const { body } = await vault.ask<object>('DELETE', pathOf(given));
  if (given.json) sayJson(body);
  else say(`Revoked the token ${given.argument(1)}.`);
}

function pathOf(given: Given): string {
  const id = given.argument(1);
  if (!/^(\d+|self)$/.test(id)) throw usageFailure('Name the token by its number, which keystore tokens lists first.');
  return `/tokens/${id}`;
}
