/**
 * Shortens the way of a request through `wrangler dev`, by changes to the configs that it gives to workerd.
 *
 * `wrangler dev` runs two workerd processes, and sends a request through five workers in them before it reaches ours, and two more
 * before it reaches the database. Here ours gets a Unix socket of its own, in a private folder, and the database's worker is
 * replaced by `box/d1`. The TCP ports, which every user of the machine reaches, lead to nothing.
 *
 * If a config does not look as expected, as it may after a change of wrangler, all of them are left as they are: then the vault
 * works, but not as fast.
 */

import { readMessage, type Struct, structsIn, textNode, textOf, textsIn, writeMessage } from './capnp.ts';

/** Where things are in workerd's schema, node_modules/workerd/workerd.capnp. Cap'n Proto never lets a position change. */
const inConfig = { services: 0, sockets: 1 };
const inSocket = { name: 0, address: 1, service: 4 };
const inService = { name: 0, worker: 1 };
const inDesignator = { name: 0 };
const inWorker = { modules: 0, compatibilityDate: 1, bindings: 3, namespaces: 5 };
const inModule = { name: 0, esModule: 1 };
const inBinding = { name: 0, value: 1 };
const inWrapped = { innerBindings: 2 };
const inNamespaceDesignator = { className: 0, serviceName: 1 };
const inNamespace = { className: 0 };

/** miniflare's names. */
const entrySocket = 'entry';
const entryService = 'core:entry';
const proxyService = 'core:user:ProxyWorker';
const userPrefix = 'core:user:';
const databaseClass = 'D1DatabaseObject';

/** The name of the binding in wrangler.toml. */
const databaseBinding = 'DB';

/** Nothing names them, and workerd needs them: the one for requests to the internet, the other for its arguments. */
const alwaysKept = ['internet', 'loopback'];

/** What takes the place of workers of wrangler. */
export interface Replacements {
  /** The path of the socket on which our worker is to listen. */
  socket: string;
  /** The source of `box/d1`, as one module. */
  database: string;
  /** The source of a worker that refuses every request. */
  closed: string;
}

/** What `in-wrangler.ts` tells the launcher when our worker starts, or when it meets a config that it does not know. */
export interface DirectMessage {
  isDirect: boolean;
}

/** A changed config. */
export interface Shortened {
  config: Uint8Array;
  /** Whether it has our worker, with its socket: wrangler's other workerd has not. */
  hasSocket: boolean;
}

/** Changes a config. Returns undefined if it is not one that this knows. @throws Error if it is none at all. */
export function shorten(config: Uint8Array, replacements: Replacements): Shortened | undefined {
  const root = readMessage(config);
  const services = new Map(
    structsIn(root.pointers[inConfig.services]).map((service) => [textOf(service.pointers[inService.name]), service]),
  );
  const sockets = structsIn(root.pointers[inConfig.sockets]);
  const entry = sockets.find((socket) => textOf(socket.pointers[inSocket.name]) === entrySocket);
  const entryWorker = structAt(services.get(entryService), inService.worker);
  if (entry === undefined || entryWorker === undefined) return undefined;
  const hasSocket = !services.has(proxyService);
  if (hasSocket) {
    const name = [...services.keys()].find((each) => each?.startsWith(userPrefix));
    const user = structAt(services.get(name), inService.worker);
    if (name === undefined || user === undefined) return undefined;
    if (!replaceDatabase(user, services, replacements.database)) return undefined;
    sockets.push(socketTo(name, replacements.socket, entry));
  }
  close(entryWorker, replacements.closed);
  root.pointers[inConfig.sockets] = { kind: 'structs', items: sockets };
  root.pointers[inConfig.services] = { kind: 'structs', items: servicesInUse(services, sockets) };
  return { config: writeMessage(root), hasSocket };
}

function structAt(struct: Struct | undefined, position: number): Struct | undefined {
  const node = struct?.pointers[position];
  return node?.kind === 'struct' ? node : undefined;
}

/** A socket like another one, but with an address and a service of its own. */
function socketTo(service: string, path: string, like: Struct): Struct {
  const pointers = [...like.pointers];
  pointers[inSocket.name] = textNode('gate');
  pointers[inSocket.address] = textNode(`unix:${path}`);
  pointers[inSocket.service] = { kind: 'struct', data: new Uint8Array(8), pointers: [textNode(service)] };
  return { ...like, pointers };
}

/** Lets the binding lead to the worker with the database's object, and puts our module into that. */
function replaceDatabase(user: Struct, services: Map<string | undefined, Struct>, source: string): boolean {
  const binding = structsIn(user.pointers[inWorker.bindings]).find(
    (each) => textOf(each.pointers[inBinding.name]) === databaseBinding,
  );
  const [inner] = structsIn(structAt(binding, inBinding.value)?.pointers[inWrapped.innerBindings]);
  const fetcher = structAt(inner, inBinding.value);
  const front = structAt(services.get(textOf(fetcher?.pointers[inDesignator.name])), inService.worker);
  const [toObject] = structsIn(front?.pointers[inWorker.bindings]);
  const designator = structAt(toObject, inBinding.value);
  const name = textOf(designator?.pointers[inNamespaceDesignator.serviceName]);
  const worker = structAt(services.get(name), inService.worker);
  const [module] = structsIn(worker?.pointers[inWorker.modules]);
  const [namespace] = structsIn(worker?.pointers[inWorker.namespaces]);
  if (fetcher === undefined || front === undefined || worker === undefined || module === undefined) return false;
  if (name === undefined || textOf(namespace?.pointers[inNamespace.className]) !== databaseClass) return false;
  worker.pointers[inWorker.modules] = { kind: 'structs', items: [moduleOf(source, module)] };
  worker.pointers[inWorker.bindings] = front.pointers[inWorker.bindings];
  fetcher.pointers[inDesignator.name] = textNode(name);
  return true;
}

function moduleOf(source: string, like: Struct): Struct {
  const pointers = [...like.pointers];
  pointers[inModule.name] = textNode('index.js');
  pointers[inModule.esModule] = textNode(source);
  return { ...like, pointers };
}

/** Leaves nothing of a worker but one module. */
function close(worker: Struct, source: string): void {
  const [module] = structsIn(worker.pointers[inWorker.modules]);
  if (module === undefined) return;
  worker.data = new Uint8Array(worker.data.length);
  worker.pointers = worker.pointers.map((pointer, i) => (i === inWorker.compatibilityDate ? pointer : undefined));
  worker.pointers[inWorker.modules] = { kind: 'structs', items: [moduleOf(source, module)] };
}

/** The services that a socket leads to, by whatever way. One takes several megabytes. */
function servicesInUse(services: Map<string | undefined, Struct>, sockets: Struct[]): Struct[] {
  const used = new Set<string>(alwaysKept);
  const names = new Set([...services.keys()].filter((name) => name !== undefined));
  const look = (node: Struct) => {
    for (const text of textsIn(node)) {
      const service = names.has(text) && !used.has(text) ? services.get(text) : undefined;
      if (service === undefined) continue;
      used.add(text);
      look(service);
    }
  };
  for (const name of alwaysKept) look({ kind: 'struct', data: new Uint8Array(), pointers: [services.get(name)] });
  for (const socket of sockets) look(socket);
  return [...services].flatMap(([name, service]) => (name !== undefined && used.has(name) ? [service] : []));
}
