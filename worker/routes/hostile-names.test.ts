/** A database that answers with the value of another key than the one that was asked for. */
import { beforeAll, expect, test } from 'vitest';
import { hostileVault, sql } from '../testing/hostile.ts';
import type { Client } from '../testing/vault.ts';

const { people } = hostileVault();
let admin: Client;
beforeAll(() => {
  ({ admin } = people);
});

const asks: [how: string, ask: (client: Client) => ReturnType<Client>][] = [
  ['by its name', (client) => client('GET', '/keys/OF_ANN')],
  ['a version of it', (client) => client('GET', '/keys/OF_ANN?version=1')],
  ['by a list of names', (client) => client('POST', '/keys/values', { names: ['OF_ANN'] })],
  ['by a list of two names', (client) => client('POST', '/keys/values', { names: ['OF_ANN', 'OF_EVE'] })],
  ['by a prefix', (client) => client('POST', '/keys/values', { prefix: 'shop/' })],
  ['through the Vault API', (client) => client('GET', '/v1/secret/data/OF_ANN')],
  ['a folder through the Vault API', (client) => client('GET', '/v1/secret/data/shop')],
  ['an old version through the Vault API', (client) => client('GET', '/v1/secret/data/OF_ANN?version=1')],
];

/** One more event of the same request, about another key. */
const also = (
  target: string,
) => `CREATE TRIGGER evil AFTER INSERT ON audit_events WHEN NEW.action = 'secret.read' AND NEW.outcome = 'allowed' BEGIN
  INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent, via, secret_id)
    VALUES (NEW.at, NEW.request_id, NEW.actor_id, NEW.actor_name, NEW.actor_role, NEW.action, '${target}', 'allowed', NEW.reason, NEW.address, NEW.user_agent, NEW.via, (SELECT id FROM secrets WHERE name = '${target}'));
END`;

test.each(asks)('no value of another key comes under the name that was asked for: %s', async (_, ask) => {
  await sql(also('lair/KEY'));
  const { text } = await ask(admin);
  expect(text).not.toMatch(/lair value/);
});
