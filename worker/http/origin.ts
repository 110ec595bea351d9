/** Where a request comes from, as the log has it. */

const userAgentCharactersMost = 256;
const addressCharactersMost = 64;

/**
 * The client's address. Whatever faces the network sets this header and drops the client's own: the gate on a box,
 * Cloudflare on the edge; on a bare workerd it is the socket's where nobody claims anything. IPv6 is written out in eight
 * groups, so that addresses of one network begin alike.
 */
export const addressOf = ({ headers, cf }: Request): string => {
  const claimed = headers.get('CF-Connecting-IP') ?? socketAddress(cf) ?? 'unknown';
  const given = printable(claimed).slice(0, addressCharactersMost);
  return given.includes(':') ? writtenOut(given) : given;
};

/** workerd says `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
const socketAddress = (cf: Request['cf']): string | undefined => {
  const { clientIp } = (cf ?? {}) as { clientIp?: unknown };
  if (typeof clientIp !== 'string') return undefined;
  return clientIp
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '');
};

/** The user agent without control characters, at most 256 characters: it ends up in logs and terminals. */
export const userAgentOf = (headers: Headers): string =>
  [...printable(headers.get('User-Agent') ?? '')].slice(0, userAgentCharactersMost).join('');

const printable = (text: string) => text.toWellFormed().replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '');

const writtenOut = (address: string): string => {
  const [head = '', tail] = address.toLowerCase().split('::');
  if (tail === undefined) return address.toLowerCase();
  if (head === '' && tail === '1') return '::1';
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill('0'), ...right].join(':');
};
