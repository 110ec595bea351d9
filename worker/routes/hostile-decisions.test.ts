/** What SQL alone decides, while views say one thing to a rule and another to the check. */
import { beforeAll, describe, expect, test } from 'vitest';
import { columnsOf, eveId, hostileVault, noKeys, noValue, one, project, sql } from '../testing/hostile.ts';
import { type Client, startVault } from '../testing/vault.ts';

const { people } = hostileVault();
let eve: Client;
let ann: Client;
let child: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ eve, ann, child, vault } = people);
});

/** A view in place of a table that can be written through, with other expressions for some columns. @param key finds a row. */
const veiled = async (
  table: string,
  key: readonly string[],
  changed: Record<string, string>,
  run: () => Promise<void>,
) => {
  const columns = await columnsOf(table);
  const of = (row: string) => key.map((name) => `${name} = ${row}.${name}`).join(' AND ');
  await noKeys(
    `CREATE TABLE real_${table} AS SELECT * FROM ${table}`,
    `ALTER TABLE ${table} RENAME TO hidden_${table}`,
    `CREATE VIEW ${table} AS SELECT ${columns.map((name) => `${changed[name] ?? name} AS ${name}`).join(', ')} FROM real_${table}`,
    `CREATE TRIGGER evil_${table}_update INSTEAD OF UPDATE ON ${table} BEGIN UPDATE real_${table} SET ${columns.map((name) => `${name} = NEW.${name}`).join(', ')} WHERE ${of('OLD')}; END`,
    `CREATE TRIGGER evil_${table}_insert INSTEAD OF INSERT ON ${table} BEGIN INSERT INTO real_${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `NEW.${name}`).join(', ')}); END`,
    `CREATE TRIGGER evil_${table}_delete INSTEAD OF DELETE ON ${table} BEGIN DELETE FROM real_${table} WHERE ${of('OLD')}; END`,
  );
  try {
    await run();
  } finally {
    await sql(`DROP VIEW ${table}`);
    await noKeys(
      `DELETE FROM hidden_${table}`,
      `INSERT OR REPLACE INTO hidden_${table} SELECT * FROM real_${table}`,
    ).catch(() => null);
    await sql(`DROP TABLE real_${table}`);
    await noKeys(`ALTER TABLE hidden_${table} RENAME TO ${table}`);
  }
};

describe('children', () => {
  test('a child of a token that may only read does not write', async () => {
    const made = await eve('POST', '/tokens', { name: 'reader', access: 'read', scopes: ['*'] });
    const reader = vault.client(made.body.token ?? '');
    const children: string[] = [];
    const columns = await columnsOf('service_tokens');
    await noKeys(
      'CREATE TABLE real_service_tokens AS SELECT * FROM service_tokens',
      'ALTER TABLE service_tokens RENAME TO hidden_service_tokens',
    );
    await sql(
      `CREATE VIEW service_tokens AS SELECT ${columns.map((name) => (name === 'access' ? `CASE WHEN (random() & 1) THEN 'manage' ELSE access END AS access` : name)).join(', ')} FROM real_service_tokens`,
    );
    await sql('CREATE TRIGGER evil_st INSTEAD OF DELETE ON service_tokens BEGIN SELECT 1; END');
    await sql('CREATE TRIGGER evil_su INSTEAD OF UPDATE ON service_tokens BEGIN SELECT 1; END');
    try {
      for (let n = 0; n < 60; n++) {
        const answer = await reader('POST', '/v1/auth/token/create', { policies: ['manage'] });
        if (answer.status === 200) children.push(JSON.parse(answer.text).auth.client_token);
      }
    } finally {
      await sql('DROP VIEW service_tokens');
      await sql('DROP TABLE real_service_tokens');
      await noKeys('ALTER TABLE hidden_service_tokens RENAME TO service_tokens');
    }

    await sql("UPDATE token_secrets SET access = 'manage' WHERE generation > 0");

    const stored: number[] = [];
    for (const [n, one] of children.entries())
      stored.push((await vault.client(one)('POST', '/keys', { key_name: `BY_CHILD_${n}`, api_key: 'x' })).status);
    expect(stored.filter((status) => status === 201)).toEqual([]);
  });
  test('a child of a sign-in that may only read does not write', async () => {
    const children: string[] = [];
    await veiled(
      'sessions',
      ['id'],
      { access: "CASE WHEN access = 'read' AND (random() & 1) THEN 'manage' ELSE access END" },
      async () => {
        for (let n = 0; n < 60; n++) {
          const answer = await child('POST', '/v1/auth/token/create', { policies: ['manage'] });
          if (answer.status === 200) children.push(JSON.parse(answer.text).auth.client_token);
        }
      },
    );
    await sql("UPDATE sessions SET access = 'manage' WHERE generation > 1");
    const stored: number[] = [];
    for (const [n, one] of children.entries())
      stored.push((await vault.client(one)('POST', '/keys', { key_name: `BY_CHILD_${n}`, api_key: 'x' })).status);
    expect(stored.filter((status) => status === 201)).toEqual([]);
  });
});

describe('moves', () => {
  test('an editor does not take a key out of a project', async () => {
    await ann('PUT', '/projects/shop/members/eve', { role: 'editor' });
    const { seal } = await one(`SELECT seal FROM members WHERE user_id = ${eveId} AND project_id = ${project('shop')}`);
    const got: number[] = [];
    await veiled(
      'members',
      ['project_id', 'user_id'],
      { role: "CASE WHEN role = 'editor' AND (random() & 1) THEN 'manager' ELSE role END" },
      async () => {
        for (let n = 0; n < 60 && !got.includes(200); n++)
          got.push((await eve('PUT', '/keys/shop%2FKEY', { key_name: 'TAKEN' })).status);
      },
    );
    expect(typeof seal).toBe('string');
    expect(got.filter((status) => status === 200)).toEqual([]);
    noValue(await eve('GET', '/keys/TAKEN'));
  });
  test('a key that gets another name does not get into a project that only has the number of the key', async () => {
    const { id } = await one(`SELECT ${project('lair')} AS id`);
    const { id: key } = await one("SELECT id FROM secrets WHERE name = 'OF_ANN'");
    await noKeys(
      `UPDATE secrets SET id = ${id} WHERE id = ${key}`,
      `UPDATE secret_versions SET secret_id = ${id} WHERE secret_id = ${key}`,
      "UPDATE projects SET name = 'x' WHERE name = 'lair'",
    );
    const fresh = await startVault();
    const moved = await fresh.client(ann.token)('PUT', '/keys/OF_ANN', { key_name: 'x/OF_ANN' });
    await sql("UPDATE projects SET name = 'lair' WHERE name = 'x'");
    expect.soft(moved.status).toBe(403);
    noValue(await eve('GET', '/keys/x%2FOF_ANN'));
  });
});

describe('a trigger that lets happen what was refused', () => {
  test('a new key outside of the scopes of a token', async () => {
    await sql(`CREATE TRIGGER evil AFTER INSERT ON audit_events WHEN NEW.outcome <> 'allowed' BEGIN
      INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent)
        VALUES (NEW.at, NEW.request_id, NEW.actor_id, NEW.actor_name, NEW.actor_role, NEW.action, NEW.target, 'allowed', NULL, NEW.address, NEW.user_agent);
    END`);
    const made = await eve('POST', '/tokens', { name: 'narrow', access: 'write', scopes: ['mine/'] });
    const narrow = vault.client(made.body.token ?? '');
    await narrow('POST', '/keys', { key_name: 'mine/A', api_key: 'x' });
    const asked = await narrow('POST', '/keys', { key_name: 'OUTSIDE', api_key: 'x' });
    await sql('DROP TRIGGER evil');
    expect.soft([made.status, asked.status]).toEqual([201, 404]);
    expect((await eve('GET', '/keys/OUTSIDE')).status).not.toBe(200);
  });
});
