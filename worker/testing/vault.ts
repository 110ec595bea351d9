/** A whole vault in memory, for tests that speak HTTP to it. A test file has one database, and so one vault. */
import { undocumented } from '../../openapi/answer.ts';
import { createApp } from '../app.ts';
import { type Bindings, parseEnv, type Settings } from '../env.ts';
import { withoutBasePath } from '../http/base-path.ts';
import type * as json from '../wire/json.ts';
import type * as keyJson from '../wire/key-json.ts';
import type * as projectJson from '../wire/project-json.ts';
import type * as tokenJson from '../wire/token-json.ts';
import { ownWrites, sealAnew } from './own-writes.ts';
import { applyTestMigrations, testDb as rawDb } from './test-database.ts';

/** That of the vault that was started last. */
let keyring: Settings['vault']['keyring'] | undefined;

/** The database, on which a test writes as the vault itself would. */
export const testDb = () => ownWrites(rawDb(), () => keyring);

/** Gives all rows the seals of the vault that was started last. */
export const sealAllRows = () => (keyring ? sealAnew(rawDb(), keyring) : Promise.resolve());

/** The same for somebody who can write the database file and has no key. */
export const forgersDb = rawDb;

export const testKeys = {
  SECRET_KEY: '1rNqkTz7vY3pXc9LwGhJ5sDfB8mQe2Ua6oRi0KtE',
  ENCRYPTION_KEY: 'y6ZUxwKUqtWlBlpQjUQx7ZjTKo0NrmDOqAHR3cMdbsU=',
};

interface Trips {
  count: number;
  /** What happens before a round trip of this number. */
  before?: ((number: number) => Promise<void>) | undefined;
}

/** Counts round trips to the database: each batch is one, and each statement that runs on its own. */
const counting = (db: D1Database) => {
  const trips: Trips = { count: 0 };
  const real = new WeakMap<object, D1PreparedStatement>();
  const counted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
        if (name === 'bind') return (...given: unknown[]) => counted(target.bind(...given));
        return (...given: unknown[]) => {
          trips.count += 1;
          return method.apply(target, given);
        };
      },
    });
    real.set(proxy, statement);
    return proxy;
  };
  const proxy = new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') return (text: string) => counted(target.prepare(text));
      return async (statements: D1PreparedStatement[]) => {
        trips.count += 1;
        await trips.before?.(trips.count);
        return target.batch(statements.map((statement) => real.get(statement) ?? statement));
      };
    },
  });
  return { db: proxy, trips };
};

/** The body of an answer, with every field that any route may return. */
type Body = Partial<
  Pick<json.KeyList, 'keys'> &
    ReturnType<typeof keyJson.key> &
    Pick<ReturnType<typeof keyJson.versionList>, 'versions'> &
    Pick<json.LogList, 'logs'> &
    ReturnType<typeof json.activity> &
    Pick<ReturnType<typeof json.userList>, 'users'> &
    Pick<ReturnType<typeof projectJson.projectList>, 'projects'> &
    Omit<ReturnType<typeof projectJson.project>, 'next'> &
    Pick<ReturnType<typeof tokenJson.tokenList>, 'tokens'> &
    Omit<
      NonNullable<ReturnType<typeof tokenJson.token>>,
      'name' | 'id' | 'created_at' | 'created_by' | 'expires_at' | 'project'
    > &
    ReturnType<typeof json.sessionList> &
    NonNullable<ReturnType<typeof json.session>> &
    Pick<ReturnType<typeof json.activity>, 'complete_from'> &
    Pick<ReturnType<typeof json.lastUses>, 'uses'> & {
      same_value_as: string[];
      more: boolean;
      entries: object[];
    } & Record<'token' | 'error' | 'warning' | 'message' | 'status' | 'reason' | 'service' | 'timestamp', string> & {
      id: number;
      next: string;
      missing_keys: { fingerprint: string | null; values: number; versions: number }[];
    }
>;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

export interface Client {
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  token: string;
  /** The Cookie header of a browser that has signed in; empty for a client that has not. */
  cookie: string;
}

/** Drops all tables and views, as in a database that was just created. The newest go first: they refer to older ones. */
export const emptyDatabase = async () => {
  const db = rawDb();
  const { results } = await db
    .prepare(
      "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY rowid DESC",
    )
    .all<{ type: string; name: string }>();
  if (results.length === 0) return;
  await db.batch([
    db.prepare('PRAGMA defer_foreign_keys = true'),
    ...results.map(({ type, name }) => db.prepare(`DROP ${type} "${name}"`)),
  ]);
};

/** The cheapest cost that a stored verifier may have: one hash takes a millisecond instead of a fifth of a second. */
const cheapCost: Settings['vault']['passwordCost'] = { N: 2 ** 10, r: 1, p: 1 };

/**
 * Applies the migrations and starts the app on the test file's database. Password hashes cost `cost`. A client throws if an answer
 * is not as the API document has it.
 */
export const startVault = async (bindings: Partial<Bindings> = {}, cost = cheapCost) => {
  await applyTestMigrations();
  const { db, trips } = counting(rawDb());
  const settings = parseEnv({ DB: db, ...testKeys, FIRST_ACCOUNTS: 'default', LOCAL_ONLY: 'yes', ...bindings });
  keyring = settings.vault.keyring;
  const app = createApp({ ...settings, vault: { ...settings.vault, passwordCost: cost } });
  const raw = (request: Request) => Promise.resolve(app.fetch(withoutBasePath(settings.basePath, request)));
  const client = (token: string, cookie = ''): Client =>
    Object.assign(
      async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
        const response = await raw(
          new Request(`http://vault.test${path}`, {
            method,
            headers: {
              ...(token ? { Authorization: `Bearer ${token}` } : {}),
              ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
              ...headers,
            },
            ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          }),
        );
        // As `text()` would give it, without the runtime's doubt whether JSON lines are text.
        const text = new TextDecoder().decode(await response.arrayBuffer());
        const isJson = /json\b/.test(response.headers.get('Content-Type') ?? '');
        const json = isJson && text ? JSON.parse(text) : undefined;
        const { status } = response;
        const problem = undocumented({
          method,
          pathname: path.replace(/\?.*/, ''),
          status,
          body: json,
          type: response.headers.get('Content-Type'),
        });
        if (problem !== null) throw new Error(problem);
        return {
          status,
          headers: response.headers,
          text,
          body: json ?? {},
        };
      },
      { token, cookie },
    );
  const signIn = async (username: string, password: string, address = '192.0.2.1') => {
    const answer = await client('')('POST', '/auth/login', { username, password }, { 'CF-Connecting-IP': address });
    if (answer.status !== 200) throw new Error(`sign-in of ${username}: ${answer.status} ${answer.text}`);
    return client(answer.body.token ?? '', answer.headers.get('Set-Cookie')?.split(';')[0]);
  };
  return { app, trips, raw, anonymous: client(''), client, signIn };
};
