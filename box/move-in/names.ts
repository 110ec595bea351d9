/**
 * Names that v0.6 took and the API refuses: no URL can say them, or nobody could sign in with them. What has such a name
 * comes over under one that is as near as can be. The limits are those of worker/wire/requests.ts.
 */

const nameBytesMost = 255;
/** Leaves room for what makes a name unique. */
const cutBytes = 240;

export interface Fitted {
  name: string;
  /** Why it is not the name that it was; undefined if it is. */
  because?: string;
}

/** Gives out each name once. */
export class Names {
  readonly #taken: Set<string>;

  /** @param originals every name there is: what keeps its own goes before what gets a new one. */
  constructor(originals: Iterable<string>) {
    this.#taken = new Set(originals);
  }

  forKey(name: string): Fitted {
    if (name === '.' || name === '..') return this.#instead(name.replaceAll('.', '_'), 'no URL can name it');
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) {
      return this.#instead(name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '_'), 'a name has no control characters');
    }
    return this.#fit(name);
  }

  forUser(name: string): Fitted {
    if (/\p{Cc}/u.test(name)) return this.#instead(name.replace(/\p{Cc}/gu, '_'), 'a name has no control characters');
    return this.#fit(name);
  }

  #fit(name: string): Fitted {
    if (name.trim() === '') return this.#instead('unnamed', 'a name is not blank');
    if (bytes(name) > nameBytesMost) return this.#instead(name, `a name has at most ${nameBytesMost} bytes`);
    return { name };
  }

  #instead(near: string, because: string): Fitted {
    const cut = cutTo(cutBytes, near);
    let name = cut;
    for (let number = 2; this.#taken.has(name); number++) name = `${cut} (${number})`;
    this.#taken.add(name);
    return { name, because };
  }
}

function cutTo(most: number, text: string): string {
  if (bytes(text) <= nameBytesMost) return text;
  let cut = '';
  let size = 0;
  for (const character of text) {
    size += bytes(character);
    if (size > most) break;
    cut += character;
  }
  return cut;
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
