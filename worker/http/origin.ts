/** Where a request comes from, as the log has it. */

const userAgentCharactersMost = 256;
const addressCharactersMost = 64;

/**
 * The client's address. Whatever faces the network sets this header and drops the client's own: the gate on a box,
 * Cloudflare on the edge. IPv6 is written out in eight groups, so that addresses of one network begin alike.
 */
export const addressOf = (headers: Headers): string => {
  const given = printable(headers.get('CF-Connecting-IP') ?? 'unknown').slice(0, addressCharactersMost);
  return given.includes(':') ? writtenOut(given) : given;
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
