/** Client addresses: which ones are trusted proxies, and how the log writes them. */
import ipaddr from 'ipaddr.js';
import { OperatorError } from '../operator-error.ts';

/** An IPv4 or IPv6 address. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Addresses and CIDR ranges of proxies whose Forwarded and X-Forwarded-* headers count. */
export type TrustedProxies = readonly (readonly [Address, prefixBits: number])[];

/**
 * Reads TRUSTED_PROXIES: addresses and CIDR ranges, separated by commas or spaces; empty for no proxy.
 *
 * @throws OperatorError that names the first entry that is neither.
 */
export function parseTrustedProxies(list: string): TrustedProxies {
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.map((entry) => {
    const [, text = '', prefix] = /^([^/]+?)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
    const address = parseAddress(text);
    const width = address?.kind() === 'ipv6' ? 128 : 32;
    const bits = Number(prefix ?? width);
    if (address !== undefined && bits <= width) return [address, bits];
    throw new OperatorError(
      `TRUSTED_PROXIES: ${JSON.stringify(entry)} is not an address or CIDR range. Write 10.0.0.2 or 10.0.0.0/8, for example.`,
    );
  });
}

/** Whether a text is an IPv4 or IPv6 address, without a port. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined;
}

/** Whether the peer of a connection is a trusted proxy, which has many clients. */
export function isTrustedProxy(peer: string, proxies: TrustedProxies): boolean {
  const address = proxies.length === 0 ? undefined : parseAddress(withoutPort(peer));
  return address !== undefined && contains(proxies, address);
}

/**
 * An address as the log stores it. IPv6 is written out in eight groups without leading zeros, so that addresses of one
 * network share a prefix that an index can search (`networkRange`); only the loopback address stays `::1`.
 *
 * @param text with or without port, as sockets and proxies write it. Anything that is no address is returned unchanged.
 */
export function logAddress(text: string): string {
  const address = withoutPort(text);
  if (!address.includes(':')) return address;
  const written = parseAddress(address)?.toNormalizedString();
  return written === '0:0:0:0:0:0:0:1' ? '::1' : (written ?? address);
}

/**
 * The range of log addresses, both ends included, that counts as one caller: an IPv4 address, or the /64 network that a
 * single IPv6 host usually controls.
 *
 * @param address as `logAddress` writes it.
 */
export function networkRange(address: string): { from: string; to: string } {
  const groups = address.split(':');
  if (groups.length !== 8) return { from: address, to: address };
  const prefix = groups.slice(0, 4).join(':');
  // `;` is the character after `:`.
  return { from: `${prefix}:`, to: `${prefix};` };
}

/** An address without brackets and port; RFC 7239 also has hidden ports such as `_a1`. */
export function withoutPort(text: string): string {
  const [, inBrackets, ipv4] = /^(?:\[([^\]]*)\](?::(?:\d+|_[\w.-]+))?|([\d.]+):(?:\d+|_[\w.-]+))$/.exec(text) ?? [];
  return inBrackets ?? ipv4 ?? text;
}

/** Only the usual notations: the library would also read `010.1` or `0x0a000001`, which other programs read differently. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
  const [address = ''] = text.split('%', 1);
  try {
    const parsed = ipaddr.IPv6.parse(address);
    return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
  } catch {
    return undefined;
  }
}

/** Whether an address is that of a trusted proxy. */
export function contains(proxies: TrustedProxies, address: Address): boolean {
  return proxies.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}
