/**
 * Encrypted copies of values, for when the vault cannot be reached. Each is sealed with AES-256-GCM under a key that HKDF-SHA256
 * derives from the token, so a copy opens only with the very token that read it. File names tell neither keys nor vaults.
 */

import type { webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maxCopyAheadMs } from '../../core/limits.ts';
import { codeOf } from '../terminal/failure.ts';
import { userFolder } from './config.ts';

/** What a copy holds. */
interface Copy<Content> {
  savedAtMs: number;
  content: Content;
}

/** The copies that one token has made of one vault. */
export class Copies {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** @param what names what was read; the same name finds it again. */
  async save(what: string, content: unknown, nowMs = Date.now()): Promise<void> {
    const folder = await this.#folder();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = JSON.stringify({ savedAtMs: nowMs, content } satisfies Copy<unknown>);
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv, additionalData: this.#about(what) },
      await this.#sealingKey(salt),
      new TextEncoder().encode(text),
    );
    const path = await this.#path(what);
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, Buffer.concat([salt, iv, new Uint8Array(sealed)]), { mode: 0o600 });
    renameSync(partial, path);
  }

  /** Returns the copy if it is not older than `maxAgeMs`, otherwise the reason in words. */
  async load<Content>(what: string, maxAgeMs: number, nowMs = Date.now()): Promise<Copy<Content> | string> {
    let bytes: Buffer;
    try {
      bytes = readFileSync(await this.#path(what));
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? 'there is no copy of it' : `its copy cannot be read (${codeOf(error)})`;
    }
    let copy: Copy<Content>;
    try {
      const opened = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: bytes.subarray(16, 28), additionalData: this.#about(what) },
        await this.#sealingKey(bytes.subarray(0, 16)),
        bytes.subarray(28),
      );
      copy = JSON.parse(new TextDecoder().decode(opened)) as Copy<Content>;
    } catch {
      return 'its copy is damaged';
    }
    if (nowMs - copy.savedAtMs > maxAgeMs) return 'its copy is too old (--max-age)';
    if (copy.savedAtMs - nowMs > maxCopyAheadMs) return 'its copy is newer than the clock';
    return copy;
  }

  /** Removes all copies of this token: the vault does not accept it, or its owner has signed out. */
  async forget(): Promise<void> {
    rmSync(await this.#folder(), { recursive: true, force: true });
  }

  async #folder(): Promise<string> {
    return join(userFolder('cache'), await this.#nameOf('folder'));
  }

  async #path(what: string): Promise<string> {
    return join(await this.#folder(), await this.#nameOf(`file ${what}`));
  }

  #about(what: string): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${this.#url}\n${what}`);
  }

  /** A name that only the token's holder can tell. */
  async #nameOf(what: string): Promise<string> {
    const bits = await crypto.subtle.deriveBits(
      this.#parameters(this.#about(''), `keystore copies, name of ${what}`),
      await this.#master(),
      128,
    );
    return Buffer.from(bits).toString('hex');
  }

  async #sealingKey(salt: Uint8Array): Promise<webcrypto.CryptoKey> {
    return crypto.subtle.deriveKey(
      this.#parameters(Uint8Array.from(salt), 'keystore copies, key'),
      await this.#master(),
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  }

  #parameters(salt: Uint8Array<ArrayBuffer>, info: string) {
    return { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode(info) };
  }

  #master(): Promise<webcrypto.CryptoKey> {
    const bytes = new TextEncoder().encode(this.#token);
    return crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey']);
  }
}
