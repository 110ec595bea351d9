/** Of the keys of a deleted account, a database says that somebody else's is among them. */
import { beforeAll, expect, test } from 'vitest';
import { sealedRowSql } from '../../core/sealed-rows.ts';
import { annId, eveId, hostileVault, type Lie, lyingDb, noValue, one, password, sql } from '../testing/hostile.ts';
import { type Client, startVault } from '../testing/vault.ts';

const { people } = hostileVault();
let admin: Client;
let eve: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ admin, eve, vault } = people);
});

/** In the tree with the numbers of keys in their seals. */
const rowText = async (name: string) =>
  String((await one(`SELECT ${sealedRowSql('secrets', 'secrets')} AS row FROM secrets WHERE name = '${name}'`)).row);

test('who gets the keys of a deleted account gets no key of another one', async () => {
  await admin('POST', '/users', { username: 'gone', password: `${password} gone`, role: 'user' });
  const gone = await vault.signIn('gone', `${password} gone`);
  await gone('POST', '/keys', { key_name: 'OF_GONE', api_key: 'value of gone' });
  const ids = await one(`SELECT ${eveId} AS eve, ${annId} AS ann, (SELECT id FROM users WHERE name = 'gone') AS gone`);
  const key = await one("SELECT id FROM secrets WHERE name = 'OF_GONE'");
  const other = await one("SELECT id FROM secrets WHERE name = 'OF_ANN'");
  const [truth, told] = [await rowText('OF_GONE'), await rowText('OF_ANN')];
  const future = (row: string) => {
    const [, id, name, , project, version, binding] = JSON.parse(row);
    return JSON.stringify(['secrets', [id], [id, name, ids.eve, project, version, binding], null]);
  };
  const lies: Lie[] = [
    [truth, told],
    [future(truth), future(told)],
  ];
  await sql(
    `CREATE TRIGGER evil AFTER UPDATE OF owner_id ON secrets WHEN NEW.id = ${key.id} BEGIN UPDATE secrets SET owner_id = ${ids.eve} WHERE id = ${other.id}; END`,
  );
  const liar = await startVault({ DB: lyingDb(lies) });
  const done = await liar.client(admin.token)('DELETE', `/users/${ids.gone}?transfer_to=eve`);
  await sql('DROP TRIGGER evil');
  expect.soft(done.status).toBe(403);
  noValue(await eve('GET', '/keys/OF_ANN'));
});
