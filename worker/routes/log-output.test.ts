/** Events on the output of the process: all of them, once, in their order. */
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { parseEnv } from '../env.ts';
import { startVault, testDb, testKeys } from '../testing/vault.ts';

let vault: Awaited<ReturnType<typeof startVault>>;

beforeAll(async () => {
  // What there was before this start.
  const before = await startVault();
  await before.signIn('user', 'user123');
  vault = await startVault({ LOG_STDOUT: 'json' });
  await new Promise((resolve) => setTimeout(resolve, 5));
});

afterEach(() => vi.restoreAllMocks());

const send = async (token: string, method: string, path: string, body?: object, waiting: Promise<unknown>[] = []) => {
  const request = new Request(`http://vault.test${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const context = {
    waitUntil: (work: Promise<unknown>) => void waiting.push(work),
    passThroughOnException: () => {},
    props: {},
  };
  const response = await vault.app.fetch(request, {}, context as unknown as ExecutionContext);
  const json = (await response.json()) as { token?: string };
  await Promise.all(waiting);
  return json;
};

test('each event since the start is a line of JSON, once and in the order of the log, without a value', async () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { token = '' } = await send('', 'POST', '/auth/login', { username: 'user', password: 'user123' });
  await send(token, 'POST', '/keys', { key_name: 'k', api_key: 'a value\nthat is secret' });
  await Promise.all(Array.from({ length: 20 }, () => send(token, 'GET', '/keys/k')));
  await send(token, 'GET', '/keys/missing');
  await send('', 'GET', '/keys');
  const lines = written.mock.calls.map(([line]) => String(line));
  for (const line of lines) expect(line).not.toMatch(/\n|that is secret/);
  const events = lines.map((line) => JSON.parse(line) as { id: number; action: string; outcome: string });
  const { results } = await testDb()
    .prepare('SELECT id FROM audit_events WHERE id > 1 ORDER BY id')
    .all<{ id: number }>();
  expect(events.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
  expect(events.map(({ action }) => action).slice(0, 3)).toEqual(['login_success', 'add_key', 'view_key']);
  expect(events.at(-1)).toMatchObject({ action: 'view_key', outcome: 'not_found' });
});

test('what could not be read back is written by the next request', async () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => {});
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { token = '' } = await send('', 'POST', '/auth/login', { username: 'user', password: 'user123' });
  written.mockClear();
  vault.trips.before = async (number) => {
    if (number === 2) throw new Error('D1_ERROR: secret detail');
  };
  vault.trips.count = 0;
  await send(token, 'GET', '/keys');
  vault.trips.before = undefined;
  expect(written).not.toHaveBeenCalled();
  expect(said.mock.calls.join()).toMatch(/could not be written/);
  expect(said.mock.calls.join()).not.toMatch(/secret detail/);
  await send(token, 'GET', '/keys');
  expect(written).toHaveBeenCalledTimes(2);
});

test('it is off by default, and another format is refused', () => {
  const env = { DB: testDb(), ...testKeys };
  expect(parseEnv(env).vault.writeEvent).toBeNull();
  expect(parseEnv({ ...env, LOG_STDOUT: ' json ' }).vault.writeEvent).not.toBeNull();
  expect(() => parseEnv({ ...env, LOG_STDOUT: 'text' })).toThrow('LOG_STDOUT must be "json"');
});
