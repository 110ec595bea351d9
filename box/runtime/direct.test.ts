/** The config that the installed wrangler really makes is in box/commands/start.test.ts and e2e/, which start it. */
import { describe, expect, test } from 'vitest';
import { type Node, readMessage, type Struct, structsIn, textNode, textOf, textsIn, writeMessage } from './capnp.ts';
import { shorten } from './direct.ts';

const replacements = { socket: '/run/gate.sock', database: 'OUR DATABASE', closed: 'CLOSED' };

const text = textNode;
const none = undefined;

function struct(...pointers: Node[]): Struct {
  return { kind: 'struct', data: new Uint8Array(8), pointers };
}

function list(...items: Struct[]): Node {
  return { kind: 'structs', items };
}

function worker(source: string, bindings: Struct[], namespaces: Struct[] = []): Struct {
  const modules = list(struct(text('a.js'), text(source)));
  return struct(modules, text('2026-01-01'), none, list(...bindings), none, list(...namespaces));
}

function service(name: string, content: Struct): Struct {
  return struct(text(name), content);
}

function toService(binding: string, name: string): Struct {
  return struct(text(binding), struct(text(name)));
}

interface Names {
  user?: string;
  binding?: string;
  className?: string;
}

/** A config like miniflare's. */
function config({ user = 'core:user:vault', binding = 'DB', className = 'D1DatabaseObject' }: Names = {}) {
  const database = struct(text(binding), struct(text('module'), none, list(toService('fetcher', 'd1:entry'))));
  const object = struct(text('OBJECT'), struct(text('D1DatabaseObject'), text('d1:db')));
  const services = list(
    service(user, worker('OURS', [database, toService('ASSETS', 'assets')])),
    service('assets', worker('ASSETS', [])),
    service('d1:entry', worker('FRONT', [object])),
    service('d1:db', worker('MINIFLARE', [toService('DISK', 'd1:disk')], [struct(text(className), text('key'))])),
    service('d1:disk', struct()),
    service('core:entry', worker('ENTRY', [toService('USER', user), toService('MAIL', 'email')])),
    service('email', worker('MAIL', [])),
    service('loopback', struct()),
    service('internet', struct()),
  );
  return writeMessage(struct(services, list(struct(text('entry'), none, struct(), none, struct(text('core:entry'))))));
}

function read(bytes: Uint8Array) {
  const root = readMessage(bytes);
  const services = new Map(structsIn(root.pointers[0]).map((each) => [textOf(each.pointers[0]), each]));
  const sockets = structsIn(root.pointers[1]).map(({ pointers: [name, address, , , designator] }) =>
    [name, address, (designator as Struct).pointers[0]].map(textOf),
  );
  return { names: [...services.keys()], textsOf: (name: string) => [...textsIn(services.get(name))], sockets };
}

describe('the config of our worker', () => {
  const shortened = shorten(config(), replacements);
  const { names, textsOf, sockets } = read(shortened?.config as Uint8Array);

  test('gets a Unix socket that leads to it without anything in between', () => {
    expect(shortened?.hasSocket).toBe(true);
    expect(sockets[1]).toEqual(['gate', 'unix:/run/gate.sock', 'core:user:vault']);
  });

  test("has our database's worker in the place of miniflare's, with its object", () => {
    expect(textsOf('core:user:vault')).toContain('d1:db');
    expect(textsOf('d1:db')).toEqual(expect.arrayContaining(['OUR DATABASE', 'OBJECT', 'D1DatabaseObject', 'key']));
    expect(textsOf('d1:db')).not.toContain('MINIFLARE');
  });

  test('lets the TCP port lead to a worker that refuses', () => {
    expect(sockets[0]).toEqual(['entry', undefined, 'core:entry']);
    expect(textsOf('core:entry')).toEqual(['core:entry', 'index.js', 'CLOSED', '2026-01-01']);
  });

  test('has no service that nothing leads to', () => {
    expect(names.sort()).toEqual(['assets', 'core:entry', 'core:user:vault', 'd1:db', 'internet', 'loopback']);
  });
});

test("the config of wrangler's own proxy only loses what the port leads to", () => {
  const shortened = shorten(config({ user: 'core:user:ProxyWorker' }), replacements);
  expect(shortened?.hasSocket).toBe(false);
  const { names, sockets } = read(shortened?.config as Uint8Array);
  expect(sockets).toEqual([['entry', undefined, 'core:entry']]);
  expect(names.sort()).toEqual(['core:entry', 'internet', 'loopback']);
});

test.each<[string, Names]>([
  ['a worker that has another name', { user: 'user:vault' }],
  ['a database that is bound otherwise', { binding: 'OTHER' }],
  ["another class, and so another file, for the database's object", { className: 'Other' }],
])('%s: the config is not known', (_, names) => {
  expect(shorten(config(names), replacements)).toBeUndefined();
});
