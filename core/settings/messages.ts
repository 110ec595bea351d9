/** Sentences for the operator at a start, the same in both runtimes. */

import { maxCountedVersions } from '../limits.ts';
import { isLoopback } from '../network/ranges.ts';
import { parseBasePath } from './base-path.ts';
import type { Settings } from './settings.ts';

/** `code` is the code of the system's error, if it is known. */
function because(code: string | undefined): string {
  return code === undefined ? '' : ` (${code})`;
}

/** An encryption key that stored values need and the vault does not have. */
export interface MissingKey {
  /** Its fingerprint; null if the database holds something else in its place. */
  keyId: string | null;
  /** How many current values are sealed with it, and how many older versions. */
  values: number;
  versions: number;
}

function amount(number: number, one: string, many: string): string {
  return number === 1 ? `1 ${one}` : `${number >= maxCountedVersions ? 'at least ' : ''}${number} ${many}`;
}

interface NamedAdmin {
  id: number;
  name: string;
  /** In ms since 1970. */
  createdAt: number;
}

function identity({ id, createdAt }: NamedAdmin): string {
  const at = new Date(createdAt);
  return `It is an admin, account number ${id}, made ${Number.isNaN(at.getTime()) ? 'at an unknown time' : at.toISOString()}.`;
}

export const sentences = {
  /** `holder` is who uses the folder, such as `process 12`. */
  folderInUse: (folder: string, holder: string) =>
    `The vault in ${folder} is in use by ${holder}. Stop that first, or set KEYSTORE_DATA to another folder.`,
  pinFolderMissing: (folder: string) =>
    `AUDIT_PIN_FILE is to be in ${folder}, which is not a folder. Make it, or name another file.`,
  folderUnusable: (folder: string, code?: string) =>
    `The data folder ${folder} cannot be used${because(code)}. Give it to the user who starts the vault, or set KEYSTORE_DATA to another folder.`,
  envFileUnwritable: (envFile: string, code?: string) =>
    `${envFile} cannot be written${because(code)}. Check its folder, or choose another file with KEYSTORE_ENV.`,
  keysMade: (envFile: string) => `Made ${envFile} with new keys. Keep a copy of it apart from the data.`,
  portTaken: (port: number, command: string) =>
    `Port ${port} is in use. Stop the program that uses it, or choose another: PORT=${port + 1} ${command}`,
  databaseCopied: (copy: string) => `The database as it was before the upgrade is in ${copy}.`,
  adminReset: (admin: NamedAdmin) =>
    `${JSON.stringify(admin.name)} has the new password. All sessions have ended, failed sign-ins are forgotten, and the log says so. ${identity(admin)}`,
  accountChanged: (admin: NamedAdmin) =>
    `Something other than the vault has changed or made the account ${JSON.stringify(admin.name)}. ${identity(admin)} Nothing was changed. Go on only if it is the account that you mean: then the vault trusts it again as it is.`,
  missingKey: ({ keyId, values, versions }: MissingKey) => {
    const parts = [
      ...(values > 0 ? [amount(values, 'value', 'values')] : []),
      ...(versions > 0 ? [amount(versions, 'older version', 'older versions')] : []),
    ];
    const verb = values + versions > 1 ? 'are' : 'is';
    const sealed = `${parts.join(' and ') || 'the key that signs the log'} ${verb} sealed with`;
    if (keyId === null) return `${sealed} a key that is named wrongly in the database. Restore a backup.`;
    return `${sealed} the key ${keyId}, which this vault does not have. Put it back into RETIRED_ENCRYPTION_KEYS (it is in the .env of an earlier backup) and restart the vault.`;
  },
  brokenSeals: (count: number) =>
    `${count === 1 ? 'A record was' : `${count} records were`} changed by something other than the vault, so the vault does not trust ${count === 1 ? 'it' : 'them'}. The access log and check-data.sh name ${count === 1 ? 'it' : 'each'}. Find out who can write the database, then restore a backup.`,
  /** The database of a vault that was sealed before says that it never was. */
  sealsGone:
    'The database says that its records were never sealed, but this vault has sealed them (REQUIRE_SEALS). It is an old copy, or somebody has changed it. Nothing was written. Restore a backup with HelperScripts/restore-data.sh FILE, which also seals an old one. If you have put this database there and trust all of it, remove REQUIRE_SEALS from the settings (.env) for one start.',
  keyWentBack:
    'The database says that a retired key seals it, but ENCRYPTION_KEY has taken over before. It is an old copy, or somebody has changed it. Nothing was written. Restore a backup with HelperScripts/restore-data.sh FILE. If you have put this database there and trust all of it, restart the vault.',
  /** There is nothing in the database, or in the folder, of a vault that was sealed before. */
  vaultGone: (place: string) =>
    `There is no vault in ${place}, but there was one (REQUIRE_SEALS). Nothing was written. Restore a backup with HelperScripts/restore-data.sh FILE. To begin a new vault, remove REQUIRE_SEALS from the settings (.env) for one start.`,
  recordsSealed: (count: number) =>
    count === 1 ? 'Sealed the 1 record of this vault.' : `Sealed the ${count} records of this vault.`,
  sealsRemembered: (envFile: string) =>
    `Added REQUIRE_SEALS=true to ${envFile}: from now on this vault only takes records that it has sealed.`,
  /** @param envFile absent if there is no such file. */
  sealsNotRemembered: (envFile?: string) =>
    `Add REQUIRE_SEALS=true to your settings${envFile === undefined ? '' : ` (${envFile} could not be written)`}: then this vault only takes records that it has sealed.`,
  likelyProxy: (address: string) =>
    `Sign-ins of many accounts have failed from ${address}. If that is a proxy in front of the vault, set TRUSTED_PROXIES=${address}: until then everybody behind it counts as one address.`,
  /** `error` is that of the answer to /health. */
  notHealthy: (error: unknown) => `The vault is not healthy: ${error}`,
};

export interface Welcome extends Pick<Settings, 'hosts'> {
  port: number;
  /** BASE_PATH, if it is set. */
  basePath?: string | undefined;
  /** Whether the vault speaks TLS itself. */
  hasTls: boolean;
  isNew: boolean;
  /** Whether ADMIN_PASSWORD is set. */
  hasPassword: boolean;
  /** Whether only this machine can reach it. */
  isLocal: boolean;
  /** How this vault is started, such as `npm start`. */
  command: string;
}

/** The lines that say that a vault is up: where, with which account, and who can reach it. */
export function welcome(vault: Welcome): string {
  const { hosts, port, basePath, hasTls, isNew, hasPassword, isLocal, command } = vault;
  const signIn = !isNew
    ? 'Sign in with your account.'
    : hasPassword
      ? 'Sign in as admin with the password that ADMIN_PASSWORD sets.'
      : isLocal
        ? 'Sign in as admin / admin123 or user / user123, and change both passwords.'
        : 'Sign in as admin / admin123 and set a new password. Until then this account can do nothing else, since everybody knows that password. The account user / user123 is switched off once you have, unless it was used.';
  const page = basePath === undefined ? '' : `${parseBasePath(basePath)}/`;
  const lines = [`Keystore is up: ${hasTls ? 'https' : 'http'}://localhost:${port}${page}`, signIn];
  const listensHere = hosts.every(isLoopback);
  if (isLocal && listensHere) {
    lines.push(`Only this machine can reach it. HOST=0.0.0.0 ${command} opens it to your network.`);
  } else if (isLocal) lines.push('Only this machine can reach it.');
  else if (listensHere) lines.push('Others reach it through the proxies that TRUSTED_PROXIES names.');
  else if (!hasTls) {
    lines.push(
      `Every machine that reaches ${hosts.join(', ')} can connect, unencrypted. Put TLS in front of it, and change default passwords first.`,
    );
  }
  return `\n${lines.join('\n')}\nCtrl-C stops it.\n`;
}
