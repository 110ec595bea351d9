/** A database in which views stand in the place of tables, and say one thing to the verdict and another to the check. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeVerifier } from '../../core/crypto/password.ts';
import { sealedRowSql } from '../../core/sealed-rows.ts';
import {
  annId,
  batch,
  columnsOf,
  eveId,
  hostileVault,
  type Lie,
  lyingDb,
  noKeys,
  noValue,
  one,
  password,
  project,
  refused,
  shadow,
  sql,
  unshadow,
} from '../testing/hostile.ts';
import { type Client, startVault } from '../testing/vault.ts';

const cheap = { N: 2 ** 10, r: 1, p: 1 };
const { people } = hostileVault();
let admin: Client;
let eve: Client;
let ann: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ admin, eve, ann, vault } = people);
});

describe('views in place of tables', () => {
  test('a view says another role now and then: a read', async () => {
    await shadow('users', { role: "CASE WHEN name = 'eve' AND (random() & 1) THEN 'admin' ELSE role END" });
    try {
      const texts: string[] = [];
      for (let n = 0; n < 40; n++) texts.push((await eve('GET', '/keys/OF_ANN')).text);
      expect(texts.filter((text) => /(first|second) value/.test(text))).toEqual([]);
    } finally {
      await unshadow('users');
    }
  });
  test('a view says another role now and then: what a legitimate change seals', async () => {
    await shadow('users', { role: "CASE WHEN name = 'eve' AND (random() & 1) THEN 'admin' ELSE role END" });
    const { id } = await one("SELECT id FROM users WHERE name = 'eve'");
    const seals = new Set<unknown>();
    try {
      for (let n = 0; n < 40; n++) {
        await admin('PUT', `/users/${id}`, { must_change_password: false });
        seals.add((await one("SELECT seal FROM real_users WHERE name = 'eve'")).seal);
      }
    } finally {
      await unshadow('users');
    }
    const good: unknown[] = [];
    for (const seal of seals) {
      await sql("UPDATE users SET role = 'admin', seal = ? WHERE name = 'eve'", seal);
      if ((await eve('GET', '/users')).status === 200) good.push(seal);
    }
    expect(good).toEqual([]);
  });
  test('a view says another number at sign-in', async () => {
    await shadow('users', {});
    await sql('DROP VIEW users');
    const columns = await columnsOf('real_users');
    await sql(
      `CREATE VIEW users AS SELECT ${columns.map((name) => (name === 'id' ? "CASE WHEN name = 'eve' AND abs(random()) % 3 = 0 THEN 1 ELSE id END AS id" : name)).join(', ')} FROM real_users`,
    );
    await sql('CREATE TRIGGER evil_update INSTEAD OF UPDATE ON users BEGIN SELECT 1; END');
    const tokens: string[] = [];
    try {
      for (let n = 0; n < 30; n++) {
        const login = await vault.anonymous(
          'POST',
          '/auth/login',
          { username: 'eve', password: `${password} eve` },
          { 'CF-Connecting-IP': `192.0.2.${n}` },
        );
        if (login.body.token) tokens.push(login.body.token);
      }
    } finally {
      await unshadow('users');
    }
    const roles = new Set<number>();
    for (const token of tokens) {
      const claims = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
      roles.add(claims.user_id);
    }
    const { id } = await one("SELECT id FROM users WHERE name = 'eve'");
    expect([...roles].filter((role) => role !== id)).toEqual([]);
  });
  test('a view says now and then that a key has no number', async () => {
    await shadow('secrets', {
      id: "CASE WHEN name = 'OF_ANN' AND (random() & 1) THEN NULL ELSE id END",
      owner_id: `CASE WHEN name = 'OF_ANN' THEN ${eveId} ELSE owner_id END`,
    });
    const texts: string[] = [];
    try {
      for (let n = 0; n < 60; n++) texts.push((await eve('GET', '/keys/OF_ANN')).text);
    } finally {
      await unshadow('secrets');
    }
    expect(texts.filter((text) => /(first|second) value/.test(text))).toEqual([]);
  });
  test('a view says now and then that the secret of a token is that of another one', async () => {
    const anns = await ann('POST', '/tokens', { name: 'anns', access: 'read', scopes: ['*'] });
    const eves = await eve('POST', '/tokens', { name: 'eves', access: 'read', scopes: ['*'] });
    const eveToken = vault.client(eves.body.token ?? '');
    const { hash: eveHash } = await one(`SELECT hash FROM token_secrets WHERE token_id = ${eves.body.id}`);
    const { hash: annHash } = await one(`SELECT hash FROM token_secrets WHERE token_id = ${anns.body.id}`);
    await batch('CREATE TABLE real_token_secrets AS SELECT * FROM token_secrets');
    const columns = await columnsOf('token_secrets');
    await sql('ALTER TABLE token_secrets RENAME TO hidden_token_secrets');
    await sql(
      `CREATE VIEW token_secrets AS SELECT ${columns.map((name) => (name === 'hash' ? `CASE WHEN hash = '${annHash}' AND (random() & 1) THEN '${eveHash}' ELSE hash END AS hash` : name)).join(', ')} FROM real_token_secrets WHERE hash <> '${eveHash}'`,
    );
    const texts: string[] = [];
    try {
      for (let n = 0; n < 80; n++) texts.push((await eveToken('GET', '/keys/OF_ANN')).text);
    } finally {
      await sql('DROP VIEW token_secrets');
      await sql('DROP TABLE real_token_secrets');
      await sql('ALTER TABLE hidden_token_secrets RENAME TO token_secrets');
    }
    expect(texts.filter((text) => /(first|second) value/.test(text))).toEqual([]);
  });
  test('a view says another token while a child of a token is made', async () => {
    const anns = await ann('POST', '/tokens', { name: 'anns', access: 'read', scopes: ['*'] });
    const eves = await eve('POST', '/tokens', { name: 'eves', access: 'read', scopes: ['*'] });
    const eveToken = vault.client(eves.body.token ?? '');
    const [annTok, eveTok] = [Number(anns.body.id), Number(eves.body.id)];
    await batch('CREATE TABLE real_service_tokens AS SELECT * FROM service_tokens');
    const columns = await columnsOf('service_tokens');
    await noKeys('ALTER TABLE service_tokens RENAME TO hidden_service_tokens');
    await sql(
      `CREATE VIEW service_tokens AS SELECT ${columns.map((name) => (name === 'id' ? `CASE WHEN id = ${eveTok} AND abs(random()) % 4 = 0 THEN ${annTok} ELSE id END AS id` : name)).join(', ')} FROM real_service_tokens`,
    );
    await sql(
      `CREATE TRIGGER evil_ts AFTER INSERT ON token_secrets WHEN NEW.generation > 0 AND (random() & 1) BEGIN UPDATE token_secrets SET token_id = ${annTok} WHERE hash = NEW.hash; END`,
    );
    await sql('CREATE TRIGGER evil_st INSTEAD OF DELETE ON service_tokens BEGIN SELECT 1; END');
    const children: string[] = [];
    try {
      for (let n = 0; n < 100; n++) {
        const made = await eveToken('POST', '/v1/auth/token/create', {});
        if (made.status === 200) children.push(JSON.parse(made.text).auth.client_token);
      }
    } finally {
      await sql('DROP VIEW service_tokens');
      await sql('DROP TABLE real_service_tokens');
      await noKeys('ALTER TABLE hidden_service_tokens RENAME TO service_tokens');
    }
    await sql('DROP TRIGGER evil_ts');
    const rows = (await sql('SELECT hash, token_id, seal FROM token_secrets WHERE generation > 0')).results;
    // The seal counts for ann's token: put it there.
    await sql(`UPDATE token_secrets SET token_id = ${annTok} WHERE generation > 0`);
    const texts: string[] = [];
    for (const child of children) texts.push((await vault.client(child)('GET', '/keys/OF_ANN')).text);
    expect([rows.length, texts.filter((text) => /(first|second) value/.test(text)).length]).toEqual([rows.length, 0]);
  });
  test('a view says another verifier now and then: who signs in', async () => {
    const forged = await makeVerifier(`${password} forged`, cheap);
    await shadow('users', {
      verifier: `CASE WHEN name = 'admin' AND (random() & 1) THEN '${forged}' ELSE verifier END`,
    });
    const tokens: string[] = [];
    try {
      for (let n = 0; n < 30; n++) {
        await sql('DELETE FROM throttles');
        const login = await vault.anonymous(
          'POST',
          '/auth/login',
          { username: 'admin', password: `${password} forged` },
          { 'CF-Connecting-IP': `198.51.100.${n}` },
        );
        if (login.body.token) tokens.push(login.body.token);
      }
    } finally {
      await unshadow('users');
    }
    const good: number[] = [];
    for (const token of tokens) good.push((await vault.client(token)('GET', '/keys/OF_ANN')).status);
    expect([tokens.length, good.filter((status) => status === 200).length]).toEqual([tokens.length, 0]);
  });
});

/** Of a table, the expression by which a text has the row of this name. */
const textOf = async (table: 'users' | 'projects', name: string) =>
  String((await one(`SELECT ${sealedRowSql(table, table)} AS row FROM ${table} WHERE name = '${name}'`)).row);

describe('a database that says to whom what is stored will belong', () => {
  const value = 'first value';
  type Ask = (client: Client, name: string) => ReturnType<Client>;
  const imported: Ask = (client, name) =>
    client('POST', '/keys/import', { entries: [{ key_name: name, api_key: value }], on_conflict: 'update' });
  const written: Ask = (client, name) => client('POST', `/v1/secret/data/${name}`, { data: { value } });
  const ways: [how: string, ask: Ask][] = [
    ['a new key', (client, name) => client('POST', '/keys', { key_name: name, api_key: value })],
    ['an import', imported],
    ['a write through the Vault API', written],
  ];
  /** Asks as somebody whom a vault does not know yet, with a trigger that makes true what the database says. */
  const lied = async (
    as: Client,
    lies: readonly Lie[],
    trigger: string,
    ask: (client: Client) => ReturnType<Client>,
  ) => {
    await sql(`CREATE TRIGGER evil ${trigger}`);
    const liar = await startVault({ DB: lyingDb(lies) });
    const { id } = await one('SELECT max(id) AS id FROM audit_events');
    const { status } = await ask(liar.client(as.token));
    await sql('DROP TRIGGER evil');
    const { results } = await sql(`SELECT reason FROM audit_events WHERE id > ${id} AND outcome = 'denied'`);
    return [status, results];
  };
  const noticed = [403, [{ reason: 'seal_broken' }]];
  const ids = async () => ({
    ann: Number((await one(`SELECT ${annId} AS id`)).id),
    eve: Number((await one(`SELECT ${eveId} AS id`)).id),
    lair: Number((await one(`SELECT ${project('lair')} AS id`)).id),
    shop: Number((await one(`SELECT ${project('shop')} AS id`)).id),
  });

  test.each(ways)('another account: %s', async (_, ask) => {
    const id = await ids();
    const trigger = `AFTER INSERT ON secrets BEGIN UPDATE secrets SET owner_id = ${id.eve} WHERE id = NEW.id; END`;
    const lie: Lie = [`"FRESH",${id.ann},`, `"FRESH",${id.eve},`];
    expect.soft(await lied(ann, [lie], trigger, (client) => ask(client, 'FRESH'))).toEqual(noticed);
    noValue(await eve('GET', '/keys/FRESH'));
  });

  test.each(ways)('a project: %s', async (_, ask) => {
    const id = await ids();
    const trigger = `AFTER INSERT ON secrets BEGIN UPDATE secrets SET owner_id = NULL, project_id = ${id.lair} WHERE id = NEW.id; END`;
    const lie: Lie = [`"FRESH",${id.ann},null,`, `"FRESH",null,${id.lair},`];
    expect.soft(await lied(ann, [lie], trigger, (client) => ask(client, 'FRESH'))).toEqual(noticed);
    noValue(await eve('GET', '/keys/FRESH'));
  });

  test.each(ways)('another project than the name says, by an admin: %s', async (_, ask) => {
    const id = await ids();
    const trigger = `AFTER INSERT ON secrets BEGIN UPDATE secrets SET project_id = ${id.lair} WHERE id = NEW.id; END`;
    const lies: Lie[] = [
      [await textOf('projects', 'shop'), await textOf('projects', 'lair')],
      [`"shop/FRESH",null,${id.shop},`, `"shop/FRESH",null,${id.lair},`],
    ];
    expect.soft(await lied(admin, lies, trigger, (client) => ask(client, 'shop/FRESH'))).toEqual(noticed);
    noValue(await eve('GET', '/keys/shop%2FFRESH'));
  });

  test.each(ways.slice(1))('another account, of a key that is there: %s', async (_, ask) => {
    const id = await ids();
    const trigger = `AFTER UPDATE OF current_version ON secrets BEGIN UPDATE secrets SET owner_id = ${id.eve} WHERE id = NEW.id; END`;
    const lie: Lie = [`"OTHER",${id.ann},null,2,`, `"OTHER",${id.eve},null,2,`];
    expect.soft(await lied(ann, [lie], trigger, (client) => ask(client, 'OTHER'))).toEqual(noticed);
    noValue(await eve('GET', '/keys/OTHER'));
  });

  test('another project than the name says, of a key that an admin takes out of the trash', async () => {
    const id = await ids();
    await ann('DELETE', '/keys/shop%2FKEY');
    const trashed = (await one("SELECT id FROM secrets WHERE name = 'shop/KEY'")).id;
    const trigger = `AFTER UPDATE OF deleted_at ON secrets BEGIN UPDATE secrets SET project_id = ${id.lair} WHERE id = NEW.id; END`;
    const lies: Lie[] = [
      [await textOf('projects', 'shop'), await textOf('projects', 'lair')],
      [`[${trashed},"shop/KEY",null,${id.shop},`, `[${trashed},"shop/KEY",null,${id.lair},`],
    ];
    for (const body of [{}, { key_name: 'shop/OTHER' }]) {
      const as: Lie[] = [...lies, [`"shop/OTHER",null,${id.shop},`, `"shop/OTHER",null,${id.lair},`]];
      const restore = (client: Client) => client('POST', `/trash/${trashed}/restore`, body);
      expect.soft(await lied(admin, as, trigger, restore)).toEqual(noticed);
    }
    for (const name of ['KEY', 'OTHER']) noValue(await eve('GET', `/keys/shop%2F${name}`));
  });

  test('another project than the new name says, of a key that an admin renames', async () => {
    const id = await ids();
    const trigger = `AFTER UPDATE OF name ON secrets BEGIN UPDATE secrets SET owner_id = NULL, project_id = ${id.lair} WHERE id = NEW.id; END`;
    const lies: Lie[] = [
      [await textOf('projects', 'shop'), await textOf('projects', 'lair')],
      [`"shop/NEW",null,${id.shop},`, `"shop/NEW",null,${id.lair},`],
    ];
    const move = (client: Client) => client('PUT', '/keys/OF_ANN', { key_name: 'shop/NEW' });
    expect.soft(await lied(admin, lies, trigger, move)).toEqual(noticed);
    noValue(await eve('GET', '/keys/shop%2FNEW'));
  });

  test('another account, of a key that comes out of the trash', async () => {
    const id = await ids();
    await ann('DELETE', '/keys/OTHER');
    const trigger = `AFTER UPDATE OF deleted_at ON secrets BEGIN UPDATE secrets SET owner_id = ${id.eve} WHERE id = NEW.id; END`;
    const lie: Lie = [`"OTHER",${id.ann},null,2,`, `"OTHER",${id.eve},null,2,`];
    expect.soft(await lied(ann, [lie], trigger, (client) => written(client, 'OTHER'))).toEqual(noticed);
    noValue(await eve('GET', '/keys/OTHER'));
  });

  describe('that it is somebody else whom the request names:', () => {
    let bob: number;
    let lies: (more: (id: number) => string[]) => Promise<Lie[]>;
    beforeEach(async () => {
      await admin('POST', '/users', { username: 'bob', password: `${password} bob`, role: 'user' });
      bob = Number((await one("SELECT id FROM users WHERE name = 'bob'")).id);
      const { eve: other } = await ids();
      lies = async (more) => {
        const [truth, told] = [more(bob), more(other)];
        return [
          [await textOf('users', 'bob'), await textOf('users', 'eve')],
          ...truth.map((text, index): Lie => [text, told[index] ?? '']),
        ];
      };
    });

    test('who gets another role', async () => {
      const future = async (name: string) => {
        const [, id, , , ...rest] = JSON.parse(await textOf('users', name));
        return JSON.stringify([id, name, 'admin', ...rest.slice(0, -1)]);
      };
      const [ofBob, ofEve] = [await future('bob'), await future('eve')];
      const trigger = `AFTER UPDATE OF role ON users BEGIN UPDATE users SET role = 'admin' WHERE name = 'eve'; END`;
      const all: Lie[] = [[ofBob, ofEve], ...(await lies((id) => [`["users",[${id}]`]))];
      const promote = (client: Client) => client('PUT', `/users/${bob}`, { role: 'admin' });
      expect.soft(await lied(admin, all, trigger, promote)).toEqual(noticed);
      expect((await eve('GET', '/users')).status).toEqual(refused);
    });

    test('who becomes a member of a project', async () => {
      const { shop, eve: other } = await ids();
      const trigger = `AFTER INSERT ON members BEGIN UPDATE members SET user_id = ${other} WHERE user_id = NEW.user_id AND project_id = NEW.project_id; END`;
      const all = await lies((id) => [`["members",[${shop},${id}],[${shop},${id},`]);
      const add = (client: Client) => client('PUT', '/projects/shop/members/bob', { role: 'viewer' });
      expect.soft(await lied(ann, all, trigger, add)).toEqual(noticed);
      noValue(await eve('GET', '/keys/shop%2FKEY'));
    });

    test.each([
      ['a key', () => (client: Client) => client('PUT', '/keys/OF_ANN', { owner: 'bob' })],
      [
        'all keys of a deleted account',
        (id: number) => (client: Client) => client('DELETE', `/users/${id}?transfer_to=bob`),
      ],
    ])('who gets %s', async (_, request) => {
      const { ann: id, eve: other } = await ids();
      const trigger = `AFTER UPDATE OF owner_id ON secrets WHEN NEW.owner_id = ${bob} BEGIN UPDATE secrets SET owner_id = ${other} WHERE id = NEW.id; END`;
      const all = await lies((owner) => ['OF_ANN', 'OTHER'].map((name) => `["${name}",${owner},`));
      expect.soft(await lied(admin, all, trigger, request(id))).toEqual(noticed);
      for (const name of ['OF_ANN', 'OTHER']) noValue(await eve('GET', `/keys/${name}`));
    });
  });
});
