/**
 * The rows whose seals have held, or that the vault has just sealed, as this isolate last knew them. They are a guess at what the database
 * has, and no more: a transaction that uses them has the condition that its rows are still the same.
 */
import { maxRememberedSealCharacters, maxRememberedSeals } from '../../core/limits.ts';
import type { Cell, SealedRow, SealedTable } from '../../core/sealed-rows.ts';

/** How else than by its locator a row is found: by the name of a secret, of an account, or what the name of a project looks like. */
const otherKeys: Partial<Record<SealedTable, (contents: readonly Cell[]) => Cell | undefined>> = {
  secrets: ([, name]) => name,
  users: ([, name]) => name,
  projects: ([, , likeness]) => likeness,
};

const byLocator = (table: SealedTable, locator: readonly Cell[]) => `${table} ${locator.join(' ')}`;
const byName = (table: SealedTable, name: Cell | undefined) => `${table} named ${name}`;

export class KnownRows {
  readonly #rows = new Map<string, SealedRow>();

  /** Bounded: when there are too many, all are forgotten. */
  remember(row: SealedRow): void {
    const [table, locator, contents, , isInTrash] = row;
    // No statement finds a version beforehand.
    if (table === 'sessions' || table === 'secret_versions' || locator.includes(null)) return;
    if (contents.join().length > maxRememberedSealCharacters) return;
    if (this.#rows.size >= 2 * maxRememberedSeals) this.#rows.clear();
    this.#rows.set(byLocator(table, locator), row);
    const name = isInTrash ? undefined : otherKeys[table]?.(contents);
    if (name !== undefined) this.#rows.set(byName(table, name), row);
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  find(table: SealedTable, ...locator: Cell[]): SealedRow | undefined {
    return this.#rows.get(byLocator(table, locator));
  }

  named(table: SealedTable, name: Cell): SealedRow | undefined {
    return this.#rows.get(byName(table, name));
  }
}
