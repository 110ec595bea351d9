// What every key from the environment has to stand, and the one error that says what is wrong with it.

/**
 * A key from the environment that cannot be used. The message is for the operator: it names the variable, says what is
 * expected and which command makes one, and never repeats the value.
 */
export class KeyFormatError extends Error {
  override readonly name = 'KeyFormatError';
  /** The environment variable at fault. */
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable} ${problem}. HelperScripts/generate-keys.sh makes a good one.`);
    this.variable = variable;
  }
}

// Each alternative has seven letters or more, in either case: about one random key in 2^28 contains one by chance.
const placeholder =
  /change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this)|placeholder|example|your[-_ ]?(?:super[-_ ]?)?(?:secret|encryption|key)|secret[-_ ]?key|insecure|(?:dev|test|default)[-_ ]?secret/i;

/** Whether `text` is the kind of example that is copied from a manual and left in place. */
export function looksLikePlaceholder(text: string): boolean {
  return placeholder.test(text);
}

/**
 * Whether `symbols` is plainly not random: of fewer than six kinds, one unit repeated (`abcdefghabcdefgh`), or a straight
 * run (`0, 1, 2, ...`). Of random keys of 32 bytes less than one in 2^100 is.
 */
export function isPattern(symbols: ArrayLike<number>): boolean {
  const all = Array.from(symbols);
  if (new Set(all).size < 6) return true;
  const step = (i: number) => ((all[i] ?? 0) - (all[i - 1] ?? 0)) & 0xff;
  if (all.every((_, i) => i < 1 || step(i) === step(1))) return true;
  return all.some((_, unit) => unit > 0 && unit <= all.length / 2 && repeatsAfter(unit, all));
}

function repeatsAfter(unit: number, all: readonly number[]): boolean {
  return all.every((symbol, i) => i < unit || symbol === all[i - unit]);
}
