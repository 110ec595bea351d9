/** Two isolates on one database, and many requests at once: nothing breaks, and every seal holds afterwards. */
import { beforeAll, expect, test } from 'vitest';
import { parseKeyring } from '../../core/crypto/keyring.ts';
import { rowOf, sealedRowSql, sealedTables, sealHolds } from '../../core/sealed-rows.ts';
import { hostileVault, sql } from '../testing/hostile.ts';
import { type Client, startVault, testKeys } from '../testing/vault.ts';

const { people } = hostileVault();
let admin: Client;
let ann: Client;
beforeAll(() => {
  ({ admin, ann } = people);
});

test('requests of two isolates about the same keys meet no error and break no seal', async () => {
  const other = await startVault();
  const anns = [ann, other.client(ann.token)];
  const admins = [admin, other.client(admin.token)];
  const statuses: Record<string, number> = {};
  const noted = async (what: string, asked: ReturnType<Client>) => {
    const { status, text } = await asked;
    const key = `${what} ${status}${status >= 500 || status === 403 ? text.slice(0, 120) : ''}`;
    statuses[key] = (statuses[key] ?? 0) + 1;
  };
  for (let round = 0; round < 6; round++) {
    await Promise.all(
      anns.flatMap((client, n) => [
        noted('update', client('PUT', '/keys/OF_ANN', { api_key: `v${round}${n}` })),
        noted('update too', client('PUT', '/keys/OF_ANN', { api_key: `w${round}${n}`, description: 'x' })),
        noted('describe', client('PUT', '/keys/OTHER', { description: `d${round}${n}` })),
        noted('create', client('POST', '/keys', { key_name: `NEW_${round}`, api_key: 'x' })),
        noted('rename', client('PUT', '/keys/OTHER', { key_name: `OTHER_${round}_${n}` })),
        noted('rename back', client('PUT', `/keys/OTHER_${round}_${n}`, { key_name: 'OTHER' })),
        noted(
          'import',
          client('POST', '/keys/import', {
            entries: [
              { key_name: 'OF_ANN', api_key: `i${round}${n}` },
              { key_name: `IMP_${round}`, api_key: 'y' },
            ],
            on_conflict: 'update',
          }),
        ),
        noted('path', client('POST', '/v1/secret/data/OF_ANN', { data: { value: `p${round}${n}` } })),
        noted('restore', client('POST', '/keys/OF_ANN/restore', { version: 1 })),
        noted('read', client('GET', '/keys/OF_ANN')),
        noted('delete', client('DELETE', `/keys/NEW_${round - 1}`)),
        noted(
          'user',
          (admins[n] as Client)('POST', '/users', {
            username: `u${round}`,
            password: 'correct horse battery',
            role: 'user',
          }),
        ),
        noted('token', client('POST', '/tokens', { name: `t${round}${n}`, access: 'read', scopes: ['*'] })),
      ]),
    );
  }
  expect.soft(Object.keys(statuses).filter((key) => / (5|403)/.test(key))).toEqual([]);
  expect.soft((await sql('SELECT name, id FROM secrets')).results.length).toBeGreaterThan(5);
  const broken = await sql('SELECT * FROM broken_seals');
  expect(broken.results).toEqual([]);
});

test('after changes by two isolates, every seal holds', async () => {
  const keyring = parseKeyring(testKeys.ENCRYPTION_KEY);
  const other = await startVault();
  const anns = [ann, other.client(ann.token)];
  for (let round = 0; round < 5; round++)
    await Promise.all(
      anns.flatMap((client, n) => [
        client('PUT', '/keys/OF_ANN', { api_key: `v${round}${n}` }),
        client('PUT', '/keys/OF_ANN', { api_key: `w${round}${n}` }),
        client('POST', '/keys/OF_ANN/restore', { version: 1 }),
        client('PUT', '/keys/OTHER', { key_name: `OTHER_${round}_${n}`, api_key: `z${round}` }),
        client('POST', '/v1/secret/data/OF_ANN', { data: { value: `p${round}${n}` } }),
        client('POST', '/keys', { key_name: `shop/N${round}${n}`, api_key: 'x' }),
        client('POST', '/keys/import', {
          entries: [
            { key_name: 'OF_ANN', api_key: `i${round}${n}` },
            { key_name: `IMP_${round}`, api_key: 'y' },
          ],
          on_conflict: 'update',
        }),
      ]),
    );
  const read = (table: (typeof sealedTables)[number]) =>
    sql(`SELECT ${sealedRowSql(table, table)} AS text FROM ${table}`);
  const found = await Promise.all(sealedTables.map(async (table) => (await read(table)).results));
  const rows = found.flat().map(({ text }) => String(text));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((text) => !sealHolds(keyring, rowOf(JSON.parse(text))))).toEqual([]);
});
