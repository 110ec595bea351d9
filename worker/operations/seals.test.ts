/** What is sealed of a bulk, which only SQL finds. */
import { expect, test } from 'vitest';
import type { Caller } from '../../core/caller.ts';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { cellsOf, noRow, type SealedRow, sealHolds } from '../../core/sealed-rows.ts';
import { testKeys } from '../testing/vault.ts';
import { sealed } from './foresight.ts';
import { sealsOf } from './seals.ts';

const keyring = parseKeyring(testKeys.ENCRYPTION_KEY);
const caller = { now: 1, sessionId: 'session', claimedId: 3, claimedAccess: null } as unknown as Caller;
const given = { id: 1e15, name: 'den', key_likeness: 'den' };
const grounds = { action: 'project.create', isByName: false, slots: [], needsTarget: false } as const;

const made = async (role: string, owner: number) => {
  const user = sealed(keyring, ['users', [3], [3, 'eve', role, 1, 0, 0, 'v'], null]);
  const session: SealedRow = ['sessions', ['session'], [3, null], null];
  const key = sealed(keyring, ['secrets', [7], [7, 'den/KEY', owner, null, 1, 'b'], null]);
  const project = ['projects', [given.id], [given.id, 'den', 'den'], null];
  const moved = ['secrets', [7], [7, 'den/KEY', null, given.id, 1, 'b'], null];
  const texts = [
    [[cellsOf(user), cellsOf(session)], [project], null],
    [[cellsOf(key)], [moved]],
  ];
  const { made: rows, fault } = await sealsOf({ keyring, metrics: null }, caller).sealsFor(
    texts.map((text) => JSON.stringify(text)),
    grounds,
    given,
  );
  return { tables: rows.map(([table]) => table), fault: fault?.name };
};

test.each<[what: string, row: SealedRow, holds: boolean]>([
  ['a version without its number', ['secret_versions', [7, null], [7, null, 'b'], null], false],
  ['a member of no account', ['members', [5, null], [5, null, 'manager'], null], false],
  ['a key without its number', ['secrets', [null], [null, 'KEY', 3, null, 1, 'b'], null], false],
  ['an erased version', ['secret_versions', [7, 1], [7, 1, null], null], true],
  ['no member', noRow('members'), true],
  ['no token', noRow('service_tokens'), true],
])('%s', (_, row, holds) => {
  expect(sealHolds(keyring, row)).toBe(holds);
});

test('of the keys that move into a new project, only those of whoever makes it; admins move all', async () => {
  expect(await made('user', 3)).toEqual({ tables: ['projects', 'secrets'], fault: undefined });
  expect(await made('user', 4)).toEqual({ tables: ['projects'], fault: 'key den/KEY' });
  expect(await made('admin', 4)).toEqual({ tables: ['projects', 'secrets'], fault: undefined });
});
