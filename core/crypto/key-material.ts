/** The checks that every key from the environment must pass, and the error that says which one failed. */

import { OperatorError } from '../operator-error.ts';

/**
 * A key from the environment cannot be used. The message is for the operator: it names the variable, the problem and the
 * command that generates a key, and never contains the value.
 */
export class KeyFormatError extends OperatorError {
  constructor(variable: string, problem: string) {
    super(`${variable} ${problem}. Generate one with HelperScripts/generate-keys.sh.`);
  }
}

// Each alternative has at least seven letters, in either case: about one random key in 2^28 contains one by chance.
const placeholder =
  /change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this)|placeholder|example|your[-_ ]?(?:super[-_ ]?)?(?:secret|encryption|key)|secret[-_ ]?key|insecure|(?:dev|test|default)[-_ ]?secret/i;

/** Whether `text` looks like an example that was copied from a manual. */
export function looksLikePlaceholder(text: string): boolean {
  return placeholder.test(text);
}

/**
 * Whether `symbols` is obviously not random: fewer than six different symbols, one unit repeated (`abcdefghabcdefgh`), or an
 * arithmetic sequence (`0, 1, 2, ...`). Fewer than one in 2^100 random keys of 32 bytes look like this.
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
