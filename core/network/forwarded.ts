/**
 * What proxies say about a request: who sent it, to which host, and whether over TLS. The gate and the standalone server
 * share these rules. Only what a trusted proxy has said counts.
 *
 * The forms are those of RFC 7239 (`Forwarded`), and of nginx, Apache, Caddy, Traefik, HAProxy, AWS, Azure and Cloudflare
 * (`X-Forwarded-*`). If a request has both, `X-Forwarded-*` counts: most proxies set only that, and pass on a `Forwarded`
 * that their client has made up.
 */
import { type Address, contains, parseAddress, type TrustedProxies, withoutPort } from './address.ts';
import { isHost } from './host.ts';

/** The headers that are read. A server drops them from every request, and tells the worker only what they mean. */
export const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-real-ip',
] as const;

export type ForwardingHeader = (typeof forwardingHeaders)[number];

/** Returns the value of a header: those of repeated ones in order, joined by commas. */
export type ReadHeader = (name: ForwardingHeader) => string | null | undefined;

export interface Client {
  /** Without port and zone; IPv4-mapped IPv6 is written as IPv4. */
  address: string;
  isOverTls: boolean;
  /** The host that the client asked for, with or without a port; null if no proxy names one. */
  host: string | null;
  /** The port that the client asked, if a proxy names it apart from the host. */
  port: string | null;
}

/** A comma within quotes: no value that counts has more of them. */
const maxCommasPerElement = 8;

/**
 * Where a request comes from: from the peer, or, if the peer is a trusted proxy, from where its headers say.
 *
 * Proxies append to lists, so what the client itself has sent is on the left. From the right, each entry is believed
 * that a trusted proxy has added. `address` is the first one that is not a trusted proxy, or the last trusted one if the
 * next is hidden (`for=unknown`) or no address. Host, port and scheme are those that the same proxy has added.
 *
 * @param peer the address at the other end of the connection, as sockets and proxies write it: `192.0.2.1`,
 *   `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
 */
export function clientOf(peer: string, read: ReadHeader, proxies: TrustedProxies): Client {
  const unclaimed = { isOverTls: false, host: null, port: null };
  const direct = withoutPort(peer);
  // Without proxies, IPv4 needs no parsing: that is most requests.
  if (proxies.length === 0 && !direct.includes(':')) return { address: direct, ...unclaimed };
  const known = parseAddress(direct);
  if (known === undefined) return { address: peer, ...unclaimed };
  if (!contains(proxies, known)) return { address: known.toString(), ...unclaimed };
  const forwarded = elementsOf(read('forwarded') ?? '');
  const hops = listOf(read('x-forwarded-for')) ?? forsOf(forwarded) ?? listOf(read('x-real-ip')) ?? [];
  const { client, depth } = follow(known, hops, proxies);
  const said = (name: ForwardingHeader) => outermost(listOf(read(name)) ?? [], depth);
  const element = outermost(forwarded, depth);
  return {
    address: client.toString(),
    isOverTls: isTls(schemeIn(said) ?? element?.get('proto')),
    host: [said('x-forwarded-host'), element?.get('host')].find((host) => host !== undefined && isHost(host)) ?? null,
    port: [said('x-forwarded-port')].find(isPort) ?? null,
  };
}

/** Follows the entries from the last one to the first. `depth` is how many of them a trusted proxy has added; at least 1. */
function follow(peer: Address, hops: readonly (string | undefined)[], proxies: TrustedProxies) {
  let client = peer;
  let depth = 0;
  for (const hop of hops.toReversed()) {
    if (!contains(proxies, client)) break;
    depth++;
    const next = hop === undefined ? undefined : parseAddress(withoutPort(hop));
    if (next === undefined) break;
    client = next;
  }
  return { client, depth: Math.max(depth, 1) };
}

/** The entry that the outermost trusted proxy has added. A shorter list was not appended to: its first entry stands for all. */
function outermost<Entry>(list: readonly Entry[], depth: number): Entry | undefined {
  return list[Math.max(0, list.length - depth)];
}

function schemeIn(said: (name: ForwardingHeader) => string | undefined): string | undefined {
  const names = ['x-forwarded-proto', 'x-forwarded-scheme', 'x-forwarded-protocol', 'x-forwarded-ssl'] as const;
  return names.map(said).find((scheme) => scheme !== undefined);
}

/** `X-Forwarded-Ssl` says `on`. */
function isTls(scheme: string | undefined): boolean {
  return scheme !== undefined && ['https', 'wss', 'on'].includes(scheme.toLowerCase());
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
}

/** The entries of a list, without quotes, white space and empty ones; undefined if there are none. */
function listOf(value: string | null | undefined): string[] | undefined {
  const entries = (value ?? '').split(',').flatMap((entry) => {
    const text = entry.trim().replace(/^"(.*)"$/, '$1');
    return text === '' ? [] : [text];
  });
  return entries.length > 0 ? entries : undefined;
}

type Element = ReadonlyMap<string, string>;

/** The `for` of each element, undefined where it has none; undefined if there are no elements. */
function forsOf(elements: readonly Element[]): (string | undefined)[] | undefined {
  return elements.length > 0 ? elements.map((element) => element.get('for')) : undefined;
}

const pairs = /\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*(?:;|$)/y;

/**
 * The elements of a `Forwarded` header, with names in lower case. Read from the right, as far as they are well formed: what a
 * client has left open on the left must not swallow what a proxy has appended.
 */
function elementsOf(value: string): Element[] {
  const elements: Element[] = [];
  const pieces = value === '' ? [] : value.split(',');
  for (let end = pieces.length; end > 0; ) {
    let start = end - 1;
    let element = elementIn(pieces[start] as string);
    // A comma may stand within quotes.
    while (element === undefined && start > 0 && end - start <= maxCommasPerElement) {
      start--;
      element = elementIn(pieces.slice(start, end).join(','));
    }
    if (element === undefined) break;
    if (element.size > 0) elements.unshift(element);
    end = start;
  }
  return elements;
}

/** The pairs of one element; undefined if it is malformed. */
function elementIn(text: string): Element | undefined {
  const trimmed = text.trim();
  const element = new Map<string, string>();
  for (pairs.lastIndex = 0; pairs.lastIndex < trimmed.length; ) {
    const found = pairs.exec(trimmed);
    if (found === null) return undefined;
    const [, name = '', quoted, token = ''] = found;
    element.set(name.toLowerCase(), quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1'));
  }
  return element;
}
