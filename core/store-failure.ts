/** The database failed a transaction; nothing was written. `cause` is for the operator's log, callers may only learn `kind`. */
export class StoreFailure extends Error {
  override name = 'StoreFailure';
  readonly kind: 'busy' | 'full' | 'schema' | 'unreadable';
  constructor(kind: StoreFailure['kind'], cause: unknown) {
    super('The database failed a transaction', { cause });
    this.kind = kind;
  }
}
