/** Remembers what a function made of the texts that come again and again, such as the addresses of clients. */

const maxRemembered = 256;
const maxRememberedCharacters = 512;

/**
 * The same function, faster for a text that it has seen. Short texts only, and a bounded number of them: when there are too many, all
 * are forgotten.
 */
export function remembered<Made>(make: (text: string) => Made): (text: string) => Made {
  const known = new Map<string, Made>();
  return function recall(text) {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const made = make(text);
    if (text.length > maxRememberedCharacters) return made;
    if (known.size >= maxRemembered) known.clear();
    known.set(text, made);
    return made;
  };
}
