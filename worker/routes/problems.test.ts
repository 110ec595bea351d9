/** RFC 9457: errors in the form of problem details, for clients that ask for it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Client, startVault } from '../testing/vault.ts';

let user: Client;
let anonymous: Client;

beforeAll(async () => {
  const vault = await startVault();
  anonymous = vault.anonymous;
  user = await vault.signIn('user', 'user123');
  await user('POST', '/keys', { key_name: 'taken', api_key: 'value' });
});

const asked = { Accept: 'application/problem+json' };

const errors: [string, number, string, () => Client, string, unknown?][] = [
  ['GET', 401, 'Unauthorized', () => anonymous, '/keys'],
  ['GET', 404, 'Not Found', () => user, '/keys/nothing'],
  ['GET', 404, 'Not Found', () => user, '/no/such/route'],
  ['GET', 403, 'Forbidden', () => user, '/users'],
  ['PATCH', 405, 'Method Not Allowed', () => user, '/keys'],
  ['POST', 400, 'Bad Request', () => user, '/keys', {}],
  ['POST', 400, 'Bad Request', () => user, '/keys', '{'],
  ['POST', 409, 'Conflict', () => user, '/keys', { key_name: 'taken', api_key: 'value' }],
];

describe.each(errors)('%s answered %i', (method, status, title, client, path, body) => {
  test(`${path}: problem details with the words of the usual error, for clients that ask for them`, async () => {
    const usual = await client()(method, path, body);
    expect(usual.status).toBe(status);
    expect(Object.keys(usual.body)).toEqual(['error']);
    const answer = await client()(method, path, body, asked);
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(answer.headers.get('Vary')).toContain('Accept');
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ type: 'about:blank', title, status, detail: usual.body.error });
    expect(answer.headers.get('WWW-Authenticate')).toBe(usual.headers.get('WWW-Authenticate'));
    expect(answer.headers.get('Allow')).toBe(usual.headers.get('Allow'));
  });
});

test('what an error has beside its words stays: the entries of an import', async () => {
  const body = { entries: [{ key_name: 'new' }] };
  const answer = await user('POST', '/keys/import', body, asked);
  expect(answer.body).toMatchObject({
    ...{ type: 'about:blank', status: 400, detail: expect.stringContaining('Nothing was imported') },
    ...{ applied: false, entries: [{ key_name: 'new', state: 'invalid' }] },
  });
});

test.each([
  '*/*',
  'application/json',
  'application/json, */*;q=0.5',
  'application/problem+json;q=0',
  'text/html, application/problem+xml',
  'application/json, application/problem+json;q=0.5',
])('Accept: %s gets the usual error', async (Accept) => {
  const answer = await user('GET', '/keys/nothing', undefined, { Accept });
  expect(answer.headers.get('Content-Type')).toBe('application/json');
  expect(answer.body).toEqual({ error: expect.any(String) });
});

test.each([
  'application/problem+json, application/json',
  'Application/Problem+JSON',
  'application/json;q=0.9, application/problem+json',
  'text/html, application/problem+json;q=0.1',
])('Accept: %s gets problem details', async (Accept) => {
  const answer = await user('GET', '/keys/nothing', undefined, { Accept });
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
});

test('what is no error does not change', async () => {
  const answer = await user('GET', '/keys/taken', undefined, asked);
  expect(answer.headers.get('Content-Type')).toBe('application/json');
  expect(answer.body).toMatchObject({ key_name: 'taken', api_key: 'value' });
});
