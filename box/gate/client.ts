import { BlockList, isIP } from 'node:net';
import { OperatorError } from '../operator-error.ts';

/**
 * Reads TRUSTED_PROXIES: addresses and CIDR ranges, separated by commas or spaces. Undefined when there are none.
 *
 * @throws OperatorError naming the entry that is neither.
 */
export function parseTrustedProxies(list: string): BlockList | undefined {
  const entries = list.split(/[\s,]+/).filter(Boolean);
  if (entries.length === 0) return undefined;
  const trusted = new BlockList();
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/');
    const width = isIP(address) === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (isIP(address) === 0 || rest.length > 0 || !(prefix <= width)) {
      throw new OperatorError(
        `TRUSTED_PROXIES: ${JSON.stringify(entry)} is no address or range. Write it as 10.0.0.2 or 10.0.0.0/8.`,
      );
    }
    trusted.addSubnet(address, prefix, family(address));
  }
  return trusted;
}

/** Whether an address is one of the trusted proxies. */
export function isTrusted(address: string, trusted: BlockList | undefined): boolean {
  return trusted !== undefined && isIP(address) !== 0 && trusted.check(address, family(address));
}

/**
 * The address that the log shall name: the socket's own, or, behind trusted proxies, the right-most address in
 * X-Forwarded-For that is not itself one of them. Everything left of that is the client's own claim.
 *
 * @param forwardedFor the X-Forwarded-For values in order, joined by commas; empty if there is none.
 */
export function clientAddress(socketAddress: string, forwardedFor: string, trusted: BlockList | undefined): string {
  let client = plainAddress(socketAddress);
  if (trusted === undefined) return client;
  for (const hop of forwardedFor.split(',').reverse()) {
    const address = plainAddress(hop.trim());
    if (!isTrusted(client, trusted) || isIP(address) === 0) break;
    client = address;
  }
  return client;
}

/** `::ffff:10.0.0.1` is 10.0.0.1, and some proxies write `10.0.0.1:4711` or `[::1]:4711`. */
export function plainAddress(text: string): string {
  if (isIP(text) === 4) return text;
  const bare = text.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
