/** What a request costs on the standalone runtime, as counts: from the bytes that a client sends to those that it gets. */
import { env, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { type Bindings, VaultDatabase } from '../../standalone/database/object.ts';
import { PlainHeaders } from '../../standalone/http/plain-headers.ts';
import main, { control } from '../../standalone/main.ts';
import { testKeys } from '../../worker/testing/vault.ts';
import { compareWithAccepted } from './accepted.ts';
import { count, countGlobals, countMethod, holdClock, uncounted } from './counters.ts';
import { type Answered, type Asked, countOperations } from './operations.ts';

const { DATABASE: objects } = env as unknown as Bindings;
const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

/** Counts calls of the object, and what SQLite is asked there, in the isolate that this test shares with the object. */
async function countDatabase(): Promise<void> {
  // Each call of the object that a request waits for ends there.
  countMethod(VaultDatabase.prototype, 'commit', 'object calls');
  for (const name of ['set', 'append'] as const) countMethod(PlainHeaders.prototype, name, 'header sets in the app');
  const id = objects.idFromName('counts');
  await runInDurableObject(objects.get(id), (_, { storage }) => {
    const [sql, whole] = [
      Object.getPrototypeOf(storage.sql) as SqlStorage,
      Object.getPrototypeOf(storage) as DurableObjectStorage,
    ];
    const { exec } = sql;
    sql.exec = function (this: SqlStorage, text: string, ...values: never[]) {
      count('statements');
      count('bytes of SQL', text.length);
      const cursor = Reflect.apply(exec, this, [text, ...values]) as (typeof cursors)[number];
      cursors.push(cursor);
      return cursor as never;
    } as typeof exec;
    const { transactionSync, sync } = whole;
    whole.transactionSync = function (this: DurableObjectStorage, work: () => never) {
      count('transactions');
      return Reflect.apply(transactionSync, this, [work]) as never;
    };
    whole.sync = function (this: DurableObjectStorage) {
      count('syncs');
      return Reflect.apply(sync, this, []) as Promise<void>;
    };
  });
}

type Connect = (socket: Socket, bindings: Bindings, context: ExecutionContext) => void | Promise<void>;

const encoder = new TextEncoder();
// Without waitUntil: the log is sealed after the answers of some requests, which is no part of what each of them does.
const context = { passThroughOnException: () => {} } as unknown as ExecutionContext;

/** A client's connection: sends one request and reads its answer, whose length the head says. */
function dial(connect: Connect, bindings: Bindings) {
  const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const opened = Promise.resolve({ remoteAddress: '192.0.2.1:4711' });
  const ends = { readable: toServer.readable, writable: toClient.writable, opened, close: async () => {} };
  void connect(ends as unknown as Socket, bindings, context);
  const writer = toServer.writable.getWriter();
  const reader = toClient.readable.getReader();
  return async ({ method, path, headers, body }: Asked): Promise<Answered> => {
    const all = {
      Host: '127.0.0.1:5000',
      ...headers,
      ...(body === undefined ? {} : { 'Content-Length': body.length }),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    void writer.write(encoder.encode(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`));
    let received = '';
    for (;;) {
      const { value } = await reader.read();
      received += String.fromCharCode(...(value ?? []));
      const [head = '', ...rest] = received.split('\r\n\r\n');
      const text = rest.join('\r\n\r\n');
      const length = /\r\nContent-Length: (\d+)/.exec(head)?.[1];
      const isWhole = length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= Number(length);
      if (rest.length > 0 && isWhole)
        return {
          status: Number(head.slice(9, 12)),
          text,
          headerCount: head.split('\r\n').length - 1,
          bytes: received.length,
        };
    }
  };
}

test('a request on the standalone runtime does the work that bench/counts.json says', async ({ task }) => {
  const moveClock = holdClock();
  const lock = { idFromName: () => null, get: () => ({ fetch: async () => new Response() }) };
  const bindings = {
    ...testKeys,
    ...{ DATABASE: objects, LOCK: lock, DISK: { fetch: async () => uncounted(() => new Response()) } },
    ...{ DATA_FOLDER: '/vault', KNOWN_VAULT: '', HOSTS: '127.0.0.1', HAS_TLS: 'no', TRUSTED_PROXIES: '' },
    ...{ MAX_OPEN_CONNECTIONS: '100', CONTROL_TOKEN: 'control' },
  } as unknown as Bindings;
  await countDatabase();
  const headers = { Authorization: 'Bearer control' };
  const up = await dial(
    control.connect as Connect,
    bindings,
  )({ method: 'GET', path: '/up?port=1', headers, body: undefined });
  expect(up.status, up.text).toBe(200);
  const ask = dial(main.connect as Connect, bindings);
  countGlobals();
  const send = async (asked: Asked) => {
    cursors.length = 0;
    const answer = await ask(asked);
    for (const { rowsRead, rowsWritten } of cursors) {
      count('rows read', rowsRead);
      count('rows written', rowsWritten);
    }
    return answer;
  };
  const counts = await countOperations(send, moveClock);
  Object.assign(task.meta, { counts: { standalone: counts } });
  expect(counts.read?.['object calls']).toBe(1);
  compareWithAccepted('standalone', counts);
});
