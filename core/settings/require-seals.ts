/**
 * REQUIRE_SEALS says that the rows of this vault have been sealed: then it never again takes rows without seals for its own, and never begins
 * anew. It is a setting, since who can write the database does not write the settings.
 */

import { OperatorError } from '../operator-error.ts';
import { parseEnvFile } from './env-file.ts';
import { sentences } from './messages.ts';
import type { Lookup } from './settings.ts';

/** @throws OperatorError unless it is `true`, `false` or not set. */
export function requiresSeals(lookup: Lookup): boolean {
  const text = lookup('REQUIRE_SEALS')?.trim() ?? '';
  if (text !== '' && text !== 'true' && text !== 'false') {
    throw new OperatorError('REQUIRE_SEALS must be "true" or "false", or not be set.');
  }
  return text === 'true';
}

/**
 * For a data folder without a vault, before anything is written to it.
 *
 * @throws OperatorError if there was a vault before. Its database has been taken away, and what else is in the folder may be anybody's.
 */
export function checkMayBegin(lookup: Lookup, dataFolder: string): void {
  if (requiresSeals(lookup)) throw new OperatorError(sentences.vaultGone(dataFolder));
}

/**
 * Before a database is changed in any way.
 *
 * @param state what `sealedState` says of it.
 * @param place where it is, for the error.
 * @throws OperatorError if its rows were sealed before, and it says that they never were, or holds nothing.
 */
export function checkStaysSealed(lookup: Lookup, state: string, place: string): void {
  if (state === 'empty') checkMayBegin(lookup, place);
  if (state === 'never' && requiresSeals(lookup)) throw new OperatorError(sentences.sealsGone);
}

/**
 * The text of an env file that takes the place of another one. If that says that the vault is sealed, the new one does, too, whatever else
 * it says: a restore seals what it restores, and what is staged in the data folder may be anybody's.
 */
export function keepRequirement(next: string, current: string): string {
  if (!isRequiredIn(current) || isRequiredIn(next)) return next;
  return `${next}${requireSealsLines}`;
}

/** An env file that cannot be read says nothing. */
function isRequiredIn(text: string): boolean {
  try {
    return parseEnvFile(text, '').REQUIRE_SEALS === 'true';
  } catch {
    return false;
  }
}

/** The lines that a start adds to an env file that does not say it yet. HelperScripts/lib.sh has the same. */
export const requireSealsLines = `
# The records of this vault are sealed: it never takes others for its own. See docs/CONFIGURATION.md.
REQUIRE_SEALS=true
`;
