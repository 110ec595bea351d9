/**
 * Device tokens: by them a browser is known to an account that has signed in there before (OWASP, "Slow Down Online Guessing
 * Attacks with Device Cookies"). One grants nothing: only the throttle on passwords asks for it. Each is bound to the password
 * that was right when it was issued, and is void after the next one.
 */

import { base64url, fromPaddedBase64url, utf8 } from './encoding.ts';
import { randomBytes } from './random.ts';
import type { SessionKey } from './session-token.ts';

export interface Device {
  userId: number;
  /** Which of the account's passwords it belongs to: `users.password_number`. */
  passwordNumber: number;
  /** 128 random bits, 22 characters of base64url. */
  id: string;
}

/** Of one browser: each account that signs in there has one. */
const maxDevices = 5;
/** A browser may also send cookies that it was given elsewhere. */
const maxCookieCharacters = 4096;
const maxParts = 20;
const pattern = /^([1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.([\w-]{22})\.([\w-]{43})$/;

/** What is signed begins like this, so that no signature is also that of a session token, or of something else here. */
const purposes = { device: 'keystore device\n', name: 'keystore name\n' };

/** The devices that the text of a cookie names. Parts that this key has not signed are left out. */
export async function readDevices(key: SessionKey, cookie: string | null | undefined): Promise<Device[]> {
  if (!cookie || cookie.length > maxCookieCharacters) return [];
  const found: Device[] = [];
  for (const part of cookie.split('~', maxParts)) {
    const [, userId, passwordNumber, id = '', mac = ''] = pattern.exec(part) ?? [];
    const signature = fromPaddedBase64url(`${mac}=`);
    if (!signature) continue;
    const device = { userId: Number(userId), passwordNumber: Number(passwordNumber), id };
    const valid = await crypto.subtle.verify('HMAC', await key.cryptoKey(), signature, utf8(signed(device)));
    if (valid) found.push(device);
  }
  return found;
}

/** The text of a cookie that names these devices, of which the first ones are kept. */
export async function writeDevices(key: SessionKey, devices: readonly Device[]): Promise<string> {
  const parts = devices.slice(0, maxDevices).map(async (device) => {
    const { userId, passwordNumber, id } = device;
    return `${userId}.${passwordNumber}.${id}.${await mac(key, signed(device))}`;
  });
  return (await Promise.all(parts)).join('~');
}

/** The devices of a browser in which an account has just signed in: its own one comes first, the same as before if it is current. */
export function withDevice(devices: readonly Device[], userId: number, passwordNumber: number): Device[] {
  const known = devices.find((device) => device.userId === userId && device.passwordNumber === passwordNumber);
  const own = known ?? { userId, passwordNumber, id: base64url(randomBytes(16)) };
  return [own, ...devices.filter((device) => device.userId !== userId)];
}

/**
 * A pseudonym of a text, as base64url: the same for the same text, and irreversible without SECRET_KEY. For names
 * that no account has, because people type their password there.
 */
export function pseudonym(key: SessionKey, text: string): Promise<string> {
  return mac(key, purposes.name + text);
}

function signed({ userId, passwordNumber, id }: Device): string {
  return `${purposes.device}${userId}.${passwordNumber}.${id}`;
}

async function mac(key: SessionKey, text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', await key.cryptoKey(), utf8(text))));
}
