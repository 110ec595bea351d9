import type { workerVariables } from '../../core/worker-variables.ts';

/** What was found when the database was opened. */
export type Opened =
  | { applied: number; isNew: boolean }
  /** Nothing was changed yet: what it holds is to be copied first. The name of the first migration that it lacks. */
  | { upgrade: string };

/** The object that holds the database, as others call it. */
export interface DatabaseObject extends Rpc.DurableObjectBranded {
  open(isCopied?: boolean): Opened;
  commit(): Promise<number>;
}

/** What the launcher writes into the config. A variable that is not set is empty. */
export interface Bindings extends Record<(typeof workerVariables)[number], string> {
  DATABASE: DurableObjectNamespace<DatabaseObject>;
  LOCK: DurableObjectNamespace;
  /** The name that wrangler.toml gives the database: with it wrangler finds the same file. */
  DATABASE_ID: string;
  /** `yes` if the folder's marker says that the vault has been up before. */
  KNOWN_VAULT: string;
  TRUSTED_PROXIES: string;
}

/** Whether a database without accounts is a loss rather than a beginning. */
export const isKnown = (bindings: Bindings) => bindings.KNOWN_VAULT === 'yes';
