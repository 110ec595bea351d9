/**
 * The addresses from which a service token may be used. A range is written as CIDR (RFC 4632, RFC 4291), and stored with its first and
 * last address in a form that SQL can compare: 32 hexadecimal digits. IPv4 is in there as IPv4-mapped IPv6, so that both
 * ways of writing an address are one.
 */
import ipaddr from 'ipaddr.js';
import { parseAddress } from './address.ts';

/** A range as it is shown, with its first and its last address. */
export type AllowedRange = readonly [text: string, first: string, last: string];

/**
 * Reads an address or a CIDR range. Bits behind the prefix are dropped: `10.1.2.3/8` is `10.0.0.0/8`. IPv6 is written as RFC 5952
 * wants it. Null if it is neither.
 */
export function parseAllowedRange(text: string): AllowedRange | null {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const parsed = parseAddress(address);
  if (parsed === undefined) return null;
  const isMapped = address.includes(':') && parsed.kind() === 'ipv4';
  const width = parsed.kind() === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? width : Number(prefix) - (isMapped ? 96 : 0);
  if (bits < 0 || bits > width) return null;
  const bytes = sixteen(parsed);
  const fixed = bits + 128 - width;
  const first = bytes.map((byte, index) => byte & maskAt(index, fixed));
  const last = bytes.map((byte, index) => byte | (0xff & ~maskAt(index, fixed)));
  return [`${shown(first)}/${bits}`, hex(first), hex(last)];
}

/** An address in that form; null for what is none. */
export function sortedAddress(text: string): string | null {
  const parsed = parseAddress(text);
  return parsed === undefined ? null : hex(sixteen(parsed));
}

type Parsed = NonNullable<ReturnType<typeof parseAddress>>;

function sixteen(address: Parsed): number[] {
  const bytes = address.toByteArray();
  return bytes.length === 4 ? [...Array<number>(10).fill(0), 0xff, 0xff, ...bytes] : bytes;
}

/** The bits of the byte at this place that belong to the first `bits` of all. */
function maskAt(index: number, bits: number): number {
  const inByte = Math.min(8, Math.max(0, bits - index * 8));
  return 0xff & (0xff << (8 - inByte));
}

function shown(bytes: number[]): string {
  const address = new ipaddr.IPv6(bytes);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
