/** The object that holds the vault's database: checks and migrates it, and runs transactions with group commit. */

import { DurableObject, RpcTarget } from 'cloudflare:workers';
import migrations from 'keystore:migrations';
import { type Keyring, parseKeyring } from '../../core/crypto/keyring.ts';
import {
  applyMigrations,
  checkIsVault,
  checkWhole,
  isNewVault,
  pendingMigrations,
  type Sql,
} from '../../core/data-folder/database.ts';
import { beforeUpgradeFile, databaseId, vaultPaths } from '../../core/data-folder/layout.ts';
import { likelyProxies } from '../../core/data-folder/likely-proxies.ts';
import { AccountChanged, resetAdmin } from '../../core/data-folder/operator-acts.ts';
import { sealedState } from '../../core/data-folder/sealed-state.ts';
import { sentences } from '../../core/settings/messages.ts';
import { checkStaysSealed, requiresSeals } from '../../core/settings/require-seals.ts';
import type { workerVariables } from '../../core/settings/settings.ts';
import { type Job, type Query, type Rows, takeAll } from './queue.ts';

/** The result of opening the database. */
export type Opened =
  | { isNew: boolean; copy: string | undefined; proxies: string[] }
  /** Nothing was changed yet: the database must first be copied to this path. */
  | { copyTo: string };

/** The bindings in the config that launcher/setup.ts writes. A variable of the worker that is not set is absent. */
export interface Bindings extends Partial<Record<(typeof workerVariables)[number], string>> {
  DATABASE: DurableObjectNamespace<VaultDatabase>;
  LOCK: DurableObjectNamespace;
  /** Where the database is: the folder `v3/d1` of the data folder. */
  DISK: Fetcher;
  /** The process that hashes passwords. */
  HASHER: Fetcher;
  /** The folder of AUDIT_PIN_FILE, and the file, as an absolute path; absent if it is not set. */
  PINS?: Fetcher;
  PIN_FILE?: string;
  /** An absolute path. */
  DATA_FOLDER: string;
  /** `yes` if the folder's marker says that the vault has been up before. */
  KNOWN_VAULT: string;
  /** The addresses that the vault listens on, separated by blanks. */
  HOSTS: string;
  /** `yes` if it speaks TLS. */
  HAS_TLS: string;
  TRUSTED_PROXIES: string;
  /** The connections that the limit on open files allows. */
  MAX_OPEN_CONNECTIONS: string;
  /** What the launcher says on the control port, and nobody else can. */
  CONTROL_TOKEN: string;
  /** For `keystore reset-admin`: the name of the admin and the new password, on two lines. */
  NEW_PASSWORD?: string;
  /** Where the port of the container is published, as in `-p`; absent outside a container. */
  KEYSTORE_PUBLISHED?: string;
}

/** Whether a database without accounts is a loss and not a beginning. */
export const isKnown = (bindings: Bindings) => bindings.KNOWN_VAULT === 'yes';

/** The database, in the file that `wrangler dev` uses: an object of miniflare's name, by the id in wrangler.toml. */
export const database = ({ DATABASE }: Bindings) => DATABASE.get(DATABASE.idFromName(databaseId));

let objects = 0;
/** The whole database is checked once, and not again each time that a failed write makes a new object. */
let isWhole = false;

export class VaultDatabase extends DurableObject<Bindings> {
  readonly #number = ++objects;
  #opened: Opened | undefined;
  #written: Promise<void> = Promise.resolve();

  /**
   * Checks and migrates the database, once.
   *
   * @param isCopied whether it has been copied, so that it may be upgraded.
   * @throws OperatorError if it is damaged, not a vault, or newer than this program.
   */
  open(isCopied = false): Opened {
    if (this.#opened === undefined) {
      const opened = this.#open(isCopied);
      if ('copyTo' in opened) return opened;
      this.#opened = opened;
    }
    return this.#opened;
  }

  /**
   * Runs all waiting jobs, each in its own transaction, and returns when they are on the disk: a group commit. A caller whose
   * job has been run by an earlier call waits for that call's write. If a write fails, as on a full disk, so does the call, and
   * the runtime replaces this object.
   *
   * @returns the number of this object.
   */
  async commit(): Promise<number> {
    if ('copyTo' in this.open()) throw new Error('The database is not upgraded yet');
    const jobs = takeAll();
    if (jobs.length > 0) {
      for (const job of jobs) this.#run(job);
      this.#written = this.ctx.storage.sync();
    }
    await this.#written;
    return this.#number;
  }

  /** A way to `commit` that a connection keeps: each call costs less than one that has to find this object first. */
  committer(): Committer {
    return new Committer(this);
  }

  /** Gives an admin a new password; see core/data-folder/operator-acts.ts. Returns when that is on the disk. */
  async resetAdmin(name: string, password: string, isMeant: boolean): Promise<{ said: string } | { changed: string }> {
    const keyring = parseKeyring(this.env.ENCRYPTION_KEY, this.env.RETIRED_ENCRYPTION_KEYS);
    const sql = sqlOf(this.ctx.storage);
    try {
      const admin = await resetAdmin(sql, keyring, name, password, Date.now(), isMeant);
      await this.ctx.storage.sync();
      return { said: sentences.adminReset(admin) };
    } catch (error) {
      if (!(error instanceof AccountChanged)) throw error;
      return { changed: sentences.accountChanged(error.admin) };
    }
  }

  #open(isCopied: boolean): Opened {
    const { DATA_FOLDER } = this.env;
    const { file } = vaultPaths(DATA_FOLDER);
    const sql = sqlOf(this.ctx.storage);
    if (!isWhole) {
      checkWhole(sql, file);
      isWhole = true;
    }
    checkIsVault(sql, { file, isKnown: isKnown(this.env) });
    this.#checkStaysSealed(sql);
    const { pending, isUpgrade } = pendingMigrations(sql, file, migrations);
    const copy = isUpgrade ? beforeUpgradeFile(DATA_FOLDER, pending[0]?.name ?? '') : undefined;
    if (copy !== undefined && !isCopied) return { copyTo: copy };
    applyMigrations(sql, pending, copy);
    return { isNew: isNewVault(sql, isKnown(this.env)), copy, proxies: likelyProxies(sql, Date.now()) };
  }

  /** @throws OperatorError if the settings say that the rows were sealed, and the database does not. */
  #checkStaysSealed(sql: Sql): void {
    const { ENCRYPTION_KEY, RETIRED_ENCRYPTION_KEYS, DATA_FOLDER } = this.env;
    const lookup = (name: string) => (name === 'REQUIRE_SEALS' ? this.env.REQUIRE_SEALS : undefined);
    if (!requiresSeals(lookup)) return;
    let keyring: Keyring;
    try {
      keyring = parseKeyring(ENCRYPTION_KEY, RETIRED_ENCRYPTION_KEYS);
    } catch {
      // The worker says what is wrong with it, and serves nothing.
      return;
    }
    checkStaysSealed(lookup, sealedState(sql, keyring), DATA_FOLDER);
  }

  #run(job: Job): void {
    const { storage } = this.ctx;
    job.ranBy = this.#number;
    try {
      const run = ({ text, values }: Query) => rowsOf(storage.sql.exec(text, ...values));
      const [first, ...others] = job.queries;
      // SQLite undoes a statement that fails, with what its triggers did: one alone needs no savepoint.
      const isAlone = first !== undefined && others.length === 0;
      job.outcome = { results: isAlone ? [run(first)] : storage.transactionSync(() => job.queries.map(run)) };
    } catch (error) {
      job.outcome = { error: error as Error };
    }
  }
}

class Committer extends RpcTarget {
  readonly #database: VaultDatabase;

  constructor(database: VaultDatabase) {
    super();
    this.#database = database;
  }

  commit(): Promise<number> {
    return this.#database.commit();
  }
}

/** The rows of a result. The runtime itself takes longer to make objects of them: it looks up the name of each column for each row. */
const rowsOf = (cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): Rows => {
  const names = cursor.columnNames;
  return Array.from(cursor.raw(), (cells) => {
    const row: Rows[number] = {};
    for (let index = 0; index < names.length; index++) row[names[index] as string] = cells[index] as SqlStorageValue;
    return row;
  });
};

const sqlOf = (storage: DurableObjectStorage): Sql => ({
  rows: (sql, ...values) => storage.sql.exec(sql, ...values).toArray(),
  exec: (sql) => void storage.sql.exec(sql),
  transaction: (work) => storage.transactionSync(work),
});
