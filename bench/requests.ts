/** The requests that the benchmark sends, by operation. */
import type { HttpRequest } from './client.ts';
import { keyName, type Size } from './fill.ts';

/** How many different keys are read and written. */
const maxKeysInTurn = 200;
/** How many keys one bulk read reads. */
const keysPerBulk = 30;

/** The session tokens of an admin and of a user. */
export interface Tokens {
  admin: string;
  user: string;
}

/** The requests of an operation, sent in turn: keys are spread evenly over the `keys` that the vault holds. */
export function requestsFor(operation: string, { admin, user }: Tokens, size: Size): HttpRequest[] | undefined {
  const { keys, projects } = size;
  const headers = { Authorization: `Bearer ${admin}` };
  const json = { ...headers, 'Content-Type': 'application/json' };
  const step = Math.max(1, Math.floor(keys / maxKeysInTurn));
  const inTurn = Array.from({ length: Math.min(keys, maxKeysInTurn) }, (_, index) => keyName(index * step, size));
  const names = inTurn.map(encodeURIComponent);
  switch (operation) {
    case 'live':
      return [{ path: '/health/live' }];
    case 'read':
      return names.map((name) => ({ path: `/keys/${name}`, headers }));
    case 'write':
      return names.map((name) => ({
        method: 'PUT',
        path: `/keys/${name}`,
        headers: json,
        body: JSON.stringify({ api_key: `sk-${'w'.repeat(45)}` }),
      }));
    case 'bulk':
      return [
        {
          method: 'POST',
          path: '/keys/values',
          headers: json,
          body: JSON.stringify({ names: inTurn.slice(0, keysPerBulk) }),
        },
      ];
    case 'list':
      return [{ path: '/keys', headers }];
    case 'member list':
      return projects === undefined ? undefined : [{ path: '/keys', headers: { Authorization: `Bearer ${user}` } }];
    case 'logs':
      return [{ path: '/logs?limit=50', headers }];
    case 'login':
      return [
        {
          method: 'POST',
          path: '/auth/login',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ username: 'admin', password: 'admin123' }),
        },
      ];
    default:
      return undefined;
  }
}
