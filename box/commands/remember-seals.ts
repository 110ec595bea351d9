/** Notes in the env file, once, that the records of the vault are sealed. */

import { appendFileSync, existsSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { sentences } from '../../core/settings/messages.ts';
import { requireSealsLines } from '../../core/settings/require-seals.ts';
import type { Desk } from './command.ts';

/**
 * Adds REQUIRE_SEALS to the env file of a vault that has answered as healthy, unless a setting has it. That it cannot be written, as in a
 * container, is no failure.
 */
export function rememberSeals({ project, envFile, lookup }: Desk, print: (line: string) => void): void {
  if (lookup('REQUIRE_SEALS') !== undefined) return;
  const file = relative(project, envFile);
  if (!existsSync(envFile)) print(sentences.sealsNotRemembered());
  else
    print(
      isAppended(envFile, requireSealsLines) ? sentences.sealsRemembered(file) : sentences.sealsNotRemembered(file),
    );
}

/** Writes to the end of a file: owner, mode and links stay. Returns whether it could. */
function isAppended(file: string, text: string): boolean {
  try {
    if (!statSync(file).isFile()) return false;
    appendFileSync(file, text, { flush: true });
    return true;
  } catch {
    return false;
  }
}
