/** The requests whose work is counted: the main operations of a vault with 50 keys and a log of more than 50 rows. */
import { type Counts, counting } from './counters.ts';

export interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface Answered {
  status: number;
  /** The body. */
  text: string;
  headerCount: number;
  /** Of the answer, with its head. */
  bytes: number;
}

/** Sends one request to a vault and counts what that does. */
export type Send = (asked: Asked) => Promise<Answered>;

const keys = 50;
const value = `sk-${'0123456789'.repeat(4)}01234`;
/** The first requests fill caches and compile statements. */
const uncountedTimes = 3;

interface Operation {
  name: string;
  method: string;
  path: (time: number) => string;
  body?: (time: number) => object;
  status: number;
  isAnonymous?: boolean;
}

const operations: Operation[] = [
  { name: 'live', method: 'GET', path: () => '/health/live', status: 200, isAnonymous: true },
  { name: 'health', method: 'GET', path: () => '/health', status: 200, isAnonymous: true },
  { name: 'no credential', method: 'GET', path: () => '/keys/key-1', status: 401, isAnonymous: true },
  { name: 'read', method: 'GET', path: () => '/keys/key-1', status: 200 },
  { name: 'read of a missing key', method: 'GET', path: () => '/keys/missing', status: 404 },
  {
    name: 'bulk read of 30',
    method: 'POST',
    path: () => '/keys/values',
    body: () => ({ names: Array.from({ length: 30 }, (_, i) => `key-${i}`) }),
    status: 200,
  },
  { name: 'list of 50', method: 'GET', path: () => '/keys', status: 200 },
  { name: 'logs', method: 'GET', path: () => '/logs?limit=50', status: 200 },
  { name: 'users', method: 'GET', path: () => '/users', status: 200 },
  { name: 'write', method: 'PUT', path: () => '/keys/key-1', body: () => ({ api_key: value }), status: 200 },
  {
    name: 'add',
    method: 'POST',
    path: () => '/keys',
    body: (time) => ({ key_name: `new-${time}`, api_key: value }),
    status: 201,
  },
  { name: 'delete', method: 'DELETE', path: (time) => `/keys/new-${time}`, status: 200 },
  {
    name: 'sign-in',
    method: 'POST',
    path: () => '/auth/login',
    body: () => ({ username: 'admin', password: 'admin123' }),
    status: 200,
    isAnonymous: true,
  },
];

/** Fills a new vault and counts each operation. */
export async function countOperations(send: Send, moveClock: () => void): Promise<Record<string, Counts>> {
  const ask = (method: string, path: string, body?: object, token?: string) => {
    moveClock();
    return send({
      method,
      path,
      headers: {
        'User-Agent': 'counts',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
  };
  const signIn = await ask('POST', '/auth/login', { username: 'admin', password: 'admin123' });
  const { token } = JSON.parse(signIn.text) as { token: string };
  for (let i = 0; i < keys; i++) await ask('POST', '/keys', { key_name: `key-${i}`, api_key: value }, token);
  const all: Record<string, Counts> = {};
  for (const { name, method, path, body, status, isAnonymous } of operations) {
    for (let time = 0; time <= uncountedTimes; time++) {
      const { counts, result } = await counting(() =>
        ask(method, path(time), body?.(time), isAnonymous ? undefined : token),
      );
      if (result.status !== status) throw new Error(`${name}: ${result.status} ${result.text}`);
      const answer = { 'headers of the answer': result.headerCount, 'bytes of the answer': result.bytes };
      all[name] = Object.fromEntries(Object.entries({ ...counts, ...answer }).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
  }
  return all;
}
