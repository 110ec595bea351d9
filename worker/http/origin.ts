/** Where a request comes from, as the log stores it. */
import { maxAddressCharacters, maxUserAgentCharacters } from '../../core/limits.ts';
import { logAddress } from '../../core/network/address.ts';
import { forwardingHeaders } from '../../core/network/forwarded.ts';
import { remembered } from '../../core/remembered.ts';
import { withoutInvisible } from '../../core/text.ts';

/**
 * The client's address, in the form of `logAddress`. Whatever faces the network sets CF-Connecting-IP and drops the
 * client's own: the gate on a machine, Cloudflare on the edge. On a plain workerd it is the socket's address, unless a
 * trusted proxy names another.
 */
export const addressOf = ({ headers, cf }: Request): string => {
  const { clientIp } = (cf ?? {}) as { clientIp?: unknown };
  const given = headers.get('CF-Connecting-IP') ?? (typeof clientIp === 'string' ? clientIp : 'unknown');
  return written(given);
};

const written = remembered((given) => logAddress(printable(given).slice(0, maxAddressCharacters)));

/**
 * Whether a proxy has passed the request on, or its sender pretends so. A proxy on the vault's own machine opens it to others,
 * also if TRUSTED_PROXIES does not name it. The gate, which drops these headers, says so in X-Forwarded.
 */
export const wasForwarded = ({ headers }: Request): boolean => forwardingMarks.some((name) => headers.has(name));

const forwardingMarks = ['x-forwarded', 'via', ...forwardingHeaders];

/** The user agent, shortened and without control characters, since it is shown in logs and terminals. */
export const userAgentOf = (headers: Headers): string => shortened(headers.get('User-Agent') ?? '');

const shortened = remembered((text) => [...printable(text)].slice(0, maxUserAgentCharacters).join(''));

const printable = (text: string) => withoutInvisible(text.toWellFormed().replace(/\p{C}/gu, ''));
