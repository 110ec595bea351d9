import { DurableObject } from 'cloudflare:workers';
import { type Bindings, type DatabaseObject, isKnown, type Opened } from './bindings.ts';
import { migrate, pendingUpgrade, tableNames, UnusableDatabase } from './migrations.ts';
import { type Job, takeAll } from './queue.ts';

/** The database, in the very file that `wrangler dev` uses: an object of miniflare's name, by the id in wrangler.toml. */
export const database = ({ DATABASE, DATABASE_ID }: Bindings) => DATABASE.get(DATABASE.idFromName(DATABASE_ID));

let objects = 0;
/** A database is read whole once, and not again after each failure of a write. */
let isWhole = false;

export class VaultDatabase extends DurableObject<Bindings> implements DatabaseObject {
  readonly #number = ++objects;
  #opened: Opened | undefined;
  #written: Promise<void> = Promise.resolve();

  /**
   * Checks and migrates the database, once.
   *
   * @param isCopied whether it may be upgraded, if it holds anything.
   * @throws UnusableDatabase if it is none of ours, or not whole.
   */
  open(isCopied = false): Opened {
    if (this.#opened === undefined) {
      const opened = this.#open(isCopied);
      if ('upgrade' in opened) return opened;
      this.#opened = opened;
    }
    return this.#opened;
  }

  /**
   * Runs all that waits in the queue, each in a transaction of its own, and returns when it is on disk: a group commit. Whose
   * own job an earlier call has run waits for that one's write. If a write fails, as on a full disk, so does the call, and the
   * runtime starts this object anew. Returns which object this is.
   */
  async commit(): Promise<number> {
    if ('upgrade' in this.open()) throw new UnusableDatabase('is not upgraded yet');
    const jobs = takeAll();
    if (jobs.length > 0) {
      for (const job of jobs) this.#run(job);
      this.#written = this.ctx.storage.sync();
    }
    await this.#written;
    return this.#number;
  }

  #open(isCopied: boolean): Opened {
    const { sql } = this.ctx.storage;
    if (!isWhole) {
      const found = sql.exec<{ quick_check: string }>('PRAGMA quick_check(1)').one().quick_check;
      if (found !== 'ok') throw new UnusableDatabase(`is damaged (${found.replace(/\s+/g, ' ')})`);
      isWhole = true;
    }
    const isVault = tableNames(sql).includes('d1_migrations');
    if (!isVault && (isKnown(this.env) || tableNames(sql).length > 0)) {
      throw new UnusableDatabase('is an SQLite database, but not a vault');
    }
    const upgrade = pendingUpgrade(sql);
    if (upgrade !== undefined && !isCopied) return { upgrade };
    const applied = migrate(this.ctx.storage);
    const hasAccounts = sql.exec('SELECT 1 FROM users LIMIT 1').toArray().length > 0;
    return { applied, isNew: !isKnown(this.env) && !hasAccounts };
  }

  #run(job: Job): void {
    const { storage } = this.ctx;
    job.ranBy = this.#number;
    try {
      const results = storage.transactionSync(() =>
        job.queries.map(({ text, values }) => storage.sql.exec(text, ...values).toArray()),
      );
      job.outcome = { results };
    } catch (error) {
      job.outcome = { error: error as Error };
    }
  }
}
