/** A trigger that swallows the verdict of a request, and then writes one of its own that allows it. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eveId, hostileVault, noValue, one, password, refused, sql } from '../testing/hostile.ts';
import type { Client } from '../testing/vault.ts';

const { people } = hostileVault();
let eve: Client;
let vault: (typeof people)['vault'];
beforeAll(() => {
  ({ eve, vault } = people);
});

describe('a trigger that decides in the place of the verdict', () => {
  /** The first verdicts of a request write nothing, so that the vault looks at the rows; the next one says `allowed`. */
  const lie = async (swallowed: number) => {
    await sql('CREATE TABLE attempts (n)');
    await sql(`CREATE TRIGGER evil BEFORE INSERT ON audit_events WHEN NEW.outcome <> 'allowed' BEGIN
      INSERT INTO attempts VALUES (1);
      SELECT RAISE(IGNORE) WHERE (SELECT count(*) FROM attempts) <= ${swallowed};
    END`);
    await sql(`CREATE TRIGGER evil_too AFTER INSERT ON audit_events WHEN NEW.outcome <> 'allowed' BEGIN
      INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent)
        VALUES (NEW.at, NEW.request_id, NEW.actor_id, NEW.actor_name, NEW.actor_role, NEW.action, NEW.target, 'allowed', NULL, NEW.address, NEW.user_agent);
    END`);
  };
  afterEach(async () => {
    await sql('DROP TABLE IF EXISTS attempts');
  });
  const unlie = async () => {
    await sql('DROP TRIGGER evil');
    await sql('DROP TRIGGER evil_too');
  };

  test.each([0, 1, 2, 3])('gives nobody a new role, after %s swallowed verdicts', async (n) => {
    const { id } = await one(`SELECT ${eveId} AS id`);
    await lie(n);
    const asked = await eve('PUT', `/users/${id}`, { role: 'admin' });
    await unlie();
    await sql("UPDATE users SET role = 'admin' WHERE name = 'eve'");
    const answer = await eve('GET', '/users');
    expect([asked.status, answer.status]).toEqual([403, 403]);
    noValue(await eve('GET', '/keys/OF_ANN'));
  });

  test.each([0, 1, 2, 3])('makes no account of an admin, after %s swallowed verdicts', async (n) => {
    await lie(n);
    const mallory = { username: 'mallory', password: `${password} mallory`, role: 'admin' };
    const asked = await eve('POST', '/users', mallory);
    await unlie();
    const login = await vault.anonymous('POST', '/auth/login', mallory);
    const answer = await vault.client(login.body.token ?? 'x')('GET', '/keys/OF_ANN');
    expect([asked.status, login.status]).toEqual([403, refused]);
    noValue(answer);
  });
});
