/** The bindings of the vault on plain workerd, and the interface of its database object. */

import type { workerVariables } from '../../core/settings/settings.ts';

/** The result of opening the database. */
export type Opened =
  | { isNew: boolean; copy: string | undefined }
  /** Nothing was changed yet: the database must first be copied to this path. */
  | { copyTo: string };

/** The object that holds the database, as others call it. */
export interface DatabaseObject extends Rpc.DurableObjectBranded {
  open(isCopied?: boolean): Opened;
  commit(): Promise<number>;
}

/** The bindings in the config that launcher/setup.ts writes. A variable of the worker that is not set is absent. */
export interface Bindings extends Partial<Record<(typeof workerVariables)[number], string>> {
  DATABASE: DurableObjectNamespace<DatabaseObject>;
  LOCK: DurableObjectNamespace;
  /** An absolute path. */
  DATA_FOLDER: string;
  /** `yes` if the folder's marker says that the vault has been up before. */
  KNOWN_VAULT: string;
  /** The addresses that the vault listens on, separated by blanks. */
  HOSTS: string;
  /** `yes` if it speaks TLS. */
  HAS_TLS: string;
  TRUSTED_PROXIES: string;
}

/** Whether a database without accounts is a loss and not a beginning. */
export const isKnown = (bindings: Bindings) => bindings.KNOWN_VAULT === 'yes';
