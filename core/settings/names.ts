/** The names of the vault's settings, and the names that a person may take for them. */

import { settingNames } from './settings.ts';

const known = new Set(settingNames.flatMap((name) => [name, `${name}_FILE`]));

/** Whether a name is that of a setting, with or without `_FILE`. */
export function isSettingName(name: string): boolean {
  return known.has(name);
}

/**
 * The settings without which a vault starts, but not as its operator wants: with default passwords, or with values that do
 * not open. A start reports other settings that are missing.
 */
const silentIfMissing = ['ADMIN_PASSWORD', 'RETIRED_ENCRYPTION_KEYS'];

/** Other words for ADMIN_PASSWORD, as `bare` writes them. */
const adminPassword =
  /^(?:KEYSTORE|VAULT)?ADMIN(?:USER|S)?(?:PASSWORD|PASSWORT|PASSWD|PASSPHRASE|PASSCODE|PASS|PWD|PW)S?(?:FILE)?$/;

const maxSlips = 2;

/**
 * The setting that somebody who wrote this name probably meant: it differs in case, in separators or in at most two letters.
 *
 * @returns undefined for the name of a setting, and for a name that is like none.
 */
export function mistakenFor(name: string): string | undefined {
  if (isSettingName(name)) return undefined;
  const written = bare(name);
  return silentIfMissing.find(
    (setting) =>
      (setting === 'ADMIN_PASSWORD' && adminPassword.test(written)) ||
      [setting, `${setting}_FILE`, `KEYSTORE_${setting}`].some((each) => slips(written, bare(each)) <= maxSlips),
  );
}

/** Whether a text has an assignment to ADMIN_PASSWORD, in any spelling, within it. */
export function mentionsAdminPassword(text: string): boolean {
  return /(?<![a-z0-9_])admin[^a-z0-9]?password(?:[^a-z0-9]?file)?[ \t"']*[=:]/i.test(text);
}

function bare(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/** How many letters must be added, removed, replaced or swapped with their neighbour: more than `maxSlips` counts as infinite. */
function slips(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > maxSlips) return Number.POSITIVE_INFINITY;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const at = (up: number, left: number) => rows[i - up]?.[j - left] ?? Number.POSITIVE_INFINITY;
      const best = Math.min(at(1, 0) + 1, (row[j - 1] ?? 0) + 1, at(1, 1) + (isSame ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(best, at(2, 2) + 1) : best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Number.POSITIVE_INFINITY;
}
