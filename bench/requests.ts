/** The requests that the benchmark sends, by operation. */
import type { HttpRequest } from './client.ts';
import { keyName } from './fill.ts';

/** How many different keys are read and written. */
const maxKeysInTurn = 200;

/** The requests of an operation, sent in turn: keys are spread evenly over the `keys` that the vault holds. */
export function requestsFor(operation: string, token: string, keys: number): HttpRequest[] | undefined {
  const headers = { Authorization: `Bearer ${token}` };
  const json = { ...headers, 'Content-Type': 'application/json' };
  const step = Math.max(1, Math.floor(keys / maxKeysInTurn));
  const names = Array.from({ length: Math.min(keys, maxKeysInTurn) }, (_, index) =>
    encodeURIComponent(keyName(index * step)),
  );
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
    case 'list':
      return [{ path: '/keys', headers }];
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
