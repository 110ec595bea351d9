/** Holds the document against the worker: its routes, its examples, and what it says of each field. */
import * as v from 'valibot';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Client, emptyDatabase, startVault, testDb } from '../worker/testing/vault.ts';
import { undocumented } from './answer.ts';
import { makeDocument, routes } from './document.ts';
import { wirePath } from './parameters.ts';
import { descriptions } from './routes.ts';

const document = makeDocument();
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

test('every route of the worker is in the document, and no other', () => {
  expect(Object.keys(descriptions).sort()).toEqual([...routes].sort());
  expect(operations).toHaveLength(routes.length);
});

test('what else the worker answers is the API of HashiCorp Vault and the metrics, which have documents of their own', async () => {
  const { app } = await startVault({ METRICS_TOKEN: 'a-token-for-metrics-of-32-characters' });
  const others = app.routes
    .filter(({ method, path }) => method !== 'ALL' && !(`${method} ${path}` in descriptions))
    .map(({ path }) => path);
  expect(others.filter((path) => !path.startsWith('/v1/'))).toEqual(['/metrics']);
});

test('no two operations have the same id', () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(ids).toEqual([...new Set(ids)]);
});

test('every link leads to an operation, and gives parameters that it has', () => {
  const links = operations
    .flatMap(({ responses }) => Object.values(responses))
    .flatMap((response) => Object.values(('links' in response && response.links) || {}));
  expect(links.length).toBeGreaterThan(20);
  for (const { operationId, parameters } of links as { operationId: string; parameters: object }[]) {
    const target = operations.find((each) => each.operationId === operationId);
    expect(
      target?.parameters.map(({ name }) => name),
      operationId,
    ).toEqual(expect.arrayContaining(Object.keys(parameters)));
  }
});

test('every field of a request and of an answer says what it is', () => {
  const vague: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const {
      properties,
      items,
      additionalProperties,
      anyOf,
      type,
      enum: choices,
      const: only,
      $ref,
    } = schema as Record<string, object | undefined>;
    const says = type ?? anyOf ?? choices ?? only ?? $ref;
    if (says === undefined || (String(type) === 'array' && !items)) vague.push(path);
    for (const [name, field] of Object.entries(properties ?? {})) walk(field, `${path}.${name}`);
    if (items) walk(items, `${path}[]`);
    if (additionalProperties) walk(additionalProperties, `${path}.*`);
    for (const each of (anyOf as unknown as object[] | undefined) ?? []) walk(each, path);
  };
  for (const { operationId, parameters, requestBody, responses } of operations) {
    for (const { name, schema } of parameters) walk(schema, `${operationId} ${name}`);
    for (const { schema } of Object.values(requestBody?.content ?? {})) walk(schema, operationId);
    for (const response of Object.values(responses)) {
      if ('content' in response) walk(response.content['application/json']?.schema, operationId);
    }
  }
  expect(vague).toEqual([]);
});

test('limits are in the schemas of requests', () => {
  const addKey = document.paths['/keys']?.post?.requestBody?.content['application/json']?.schema;
  expect(addKey).toMatchObject({
    required: ['key_name', 'api_key'],
    properties: {
      api_key: { type: 'string', minLength: 1, maxLength: 65_536 },
      labels: {
        anyOf: [{ type: 'object', maxProperties: 20, additionalProperties: { type: 'string' } }, { type: 'null' }],
      },
    },
  });
  const importKeys = document.paths['/keys/import']?.post?.requestBody?.content['application/json']?.schema;
  expect(importKeys).toMatchObject({
    properties: { entries: { type: 'array', maxItems: 1000, items: { required: ['key_name', 'api_key'] } } },
  });
  expect(document.paths['/keys']?.get?.parameters.find(({ name }) => name === 'limit')).toMatchObject({
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 10_000 },
  });
});

test('an answer with a status, a field or a type that the document does not have is noticed', () => {
  const answered = {
    type: 'application/json',
    method: 'GET',
    pathname: '/health/live',
    status: 200,
    body: { status: 'alive', service: 'keystore' },
  };
  expect(undocumented(answered)).toBeNull();
  expect(undocumented({ ...answered, status: 404 })).toMatch('does not have');
  expect(undocumented({ ...answered, body: { ...answered.body, more: 1 } })).toMatch('more');
  expect(undocumented({ ...answered, body: { status: 'alive' } })).toMatch('service');
});

describe('examples', () => {
  let admin: Client;
  let anonymous: Client;
  /** Of another session than that of the client. */
  let session: string;
  /** The numbers of the key in the trash, of one in use, of the token and of the last user. */
  let trashed: string;
  let used: number;
  let token: string;
  let alice: string;

  /** What the examples are about. */
  const prepare = async () => {
    await emptyDatabase();
    const vault = await startVault();
    anonymous = vault.anonymous;
    await vault.signIn('admin', 'admin123');
    // Who must change a password makes no tokens.
    await testDb().exec('UPDATE users SET must_change_password = 0');
    admin = await vault.signIn('admin', 'admin123');
    await admin('POST', '/keys', { key_name: 'old', api_key: 'example-value' });
    await admin('DELETE', '/keys/old');
    await admin('POST', '/keys', { key_name: 'stripe', api_key: 'example-value', description: 'billing' });
    await admin('POST', '/keys', { key_name: 'overdue', api_key: 'a-value', expires_at: '2026-01-31' });
    await admin('POST', '/projects', { name: 'shop', description: 'the web shop' });
    await admin('PUT', '/projects/shop/members/user', { role: 'viewer' });
    await admin('POST', '/users', { username: 'alice', password: 'a password for alice' });
    await admin('POST', '/tokens', { name: 'deploy', access: 'read', scopes: ['*'], allowed_addresses: ['::/0'] });
    await admin('GET', '/keys/stripe');
    await admin('POST', '/logs/checkpoint');
    const numberOf = (name: string) => testDb().prepare('SELECT id FROM secrets WHERE name = ?').bind(name).first('id');
    trashed = String(await numberOf('old'));
    used = Number(await numberOf('stripe'));
    const newest = (table: string) => testDb().prepare(`SELECT max(id) AS id FROM ${table}`).first('id');
    token = String(await newest('service_tokens'));
    alice = String(await newest('users'));
    const { body } = await admin('GET', '/auth/sessions');
    session = body.sessions?.find(({ is_current }) => !is_current)?.id ?? '';
  };

  beforeEach(prepare);

  test.each(Object.entries(descriptions))('%s', async (route, { id, answers, example, headers = [], type }) => {
    const [method = '', path = ''] = route.split(' ');
    const { query, body, headers: sent } = example;
    // A version can be destroyed once there is a newer one.
    if (id.startsWith('destroyVersion')) await admin('PUT', '/keys/stripe', { api_key: 'another-example-value' });
    const target = path.replace('{.+}', '').replaceAll(/:(\w+)/g, (_, name) => {
      if (id === 'endSession' || name === 'session_id') return session;
      if (path.startsWith('/trash/')) return trashed;
      if (path.startsWith('/tokens/:id')) return token;
      const asked = example.path?.[name] ?? '';
      return path.startsWith('/users/:id') && asked !== '1' ? alice : asked;
    });
    const client = id === 'signIn' ? anonymous : admin;
    const given = id === 'markExposure' ? { ...(body as object), key_id: used } : body;
    const answer = await client(method, `${target}${query ? `?${new URLSearchParams(query)}` : ''}`, given, sent);
    const good = Number(Object.keys(answers)[0]);
    expect(answer.status, answer.text).toBe(good);
    const schema = answers[good as keyof typeof answers];
    for (const each of [type ? answer.text : answer.body, example.answer]) {
      expect(v.safeParse(schema as v.GenericSchema, each).issues ?? []).toEqual([]);
    }
    if (!type) expect(fieldsOf(example.answer)).toEqual(fieldsOf(answer.body));
    if (type) expect(answer.headers.get('Content-Type')).toBe(type);
    for (const name of headers) expect(answer.headers.get(name)).toMatch(/^"?\d+"?$/);
    expect(document.paths[wirePath(path)]?.[method.toLowerCase()]?.responses[good]).toMatchObject({
      content: { [type ?? 'application/json']: { example: example.answer } },
    });
  });
});

/** The names of the fields of an answer, those of the first item of each list included. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(fieldsOf);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fieldsOf(each)]));
}
