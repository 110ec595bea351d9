/**
 * Renames what has a name that v0.6 allowed and the API rejects, because a URL cannot contain it or an account with it cannot
 * sign in. The new name is as similar as possible. The rules are those of worker/wire/requests.ts for names that exist: what
 * only new names may not contain, such as invisible characters or white space around them, stays.
 */
import { maxNameBytes } from '../../core/limits.ts';
import { trimmed } from '../../core/text.ts';

/** Leaves room for a suffix that makes a name unique. */
const maxCutBytes = 240;

export interface Fitted {
  name: string;
  /** Why the name was changed, as the end of a sentence; undefined if it was not. */
  because?: string;
}

/** Assigns each name once. */
export class Names {
  readonly #taken: Set<string>;

  /** @param originals every existing name; none of them is assigned as a new name. */
  constructor(originals: Iterable<string>) {
    this.#taken = new Set(originals);
  }

  forKey(name: string): Fitted {
    if (name === '.' || name === '..') return this.#instead(name.replaceAll('.', '_'), 'a URL cannot contain it');
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) {
      return this.#instead(name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '_'), 'control characters are not allowed');
    }
    return this.#fit(name);
  }

  forUser(name: string): Fitted {
    if (/\p{Cc}/u.test(name)) return this.#instead(name.replace(/\p{Cc}/gu, '_'), 'control characters are not allowed');
    return this.#fit(name);
  }

  #fit(name: string): Fitted {
    if (trimmed(name) === '') return this.#instead('unnamed', 'a blank name is not allowed');
    if (bytes(name) > maxNameBytes) return this.#instead(name, `names are limited to ${maxNameBytes} bytes`);
    return { name };
  }

  #instead(near: string, because: string): Fitted {
    const cut = cutTo(maxCutBytes, near);
    let name = cut;
    for (let number = 2; this.#taken.has(name); number++) name = `${cut} (${number})`;
    this.#taken.add(name);
    return { name, because };
  }
}

function cutTo(max: number, text: string): string {
  if (bytes(text) <= maxNameBytes) return text;
  let cut = '';
  let size = 0;
  for (const character of text) {
    size += bytes(character);
    if (size > max) break;
    cut += character;
  }
  return cut;
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
