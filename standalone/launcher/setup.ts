/**
 * The first half of a start: reads the settings, checks the files of the data folder, and writes two files into the run folder
 * of the launcher. `plan` is shell code that sets variables; `run.capnp` is the config of the vault, secrets included. It runs
 * as `workerd test setup.capnp`, so that settings, checks and sentences are those of `npm start`.
 */

import {
  checkNotLost,
  type DatabaseState,
  holdsVault,
  replacedDatabase,
  unusableDatabase,
} from '../../core/data-folder/database.ts';
import { markerText, otherFiles, vaultPaths } from '../../core/data-folder/layout.ts';
import { databaseHeaderBytes, isWithoutLog, readLog } from '../../core/data-folder/stale-log.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { sentences } from '../../core/settings/messages.ts';
import { newEnvFile } from '../../core/settings/new-keys.ts';
import { checkMayBegin, requireSealsLines } from '../../core/settings/require-seals.ts';
import * as settings from '../../core/settings/settings.ts';
import { vaultConfig } from './config.ts';
import { maxOpenConnections } from './connections.ts';
import { createDisk, type Disk } from './disk.ts';

/** The bindings of setup.capnp. Besides these, each setting `<NAME>` and `<NAME>_FILE` of the environment; null if not set. */
interface Bindings {
  DISK: Fetcher;
  RUN: Fetcher;
  /** The folder in which relative paths begin. */
  FOLDER: string;
  /** Set if this machine has the address ::1. The runtime cannot read /proc, where that is. */
  HAS_IPV6: string | null;
  /** Set if the env file cannot be seen, though there may be one. The runtime cannot tell that from a missing file. */
  ENV_FILE_HIDDEN: string | null;
  KEYSTORE_ENV: string | null;
  /** How many files the runtime may have open; `unlimited` if any number. */
  MAX_FILES: string | null;
}

export default {
  async test(_controller: unknown, bindings: Bindings) {
    const write = (name: string, text: string) =>
      bindings.RUN.fetch(`http://run/${name}`, { method: 'PUT', body: text });
    let plan: Record<string, string>;
    try {
      const { config, ...variables } = await setUp(bindings);
      await write('run.capnp', config);
      plan = variables;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      plan = { refusal: error.message };
    }
    const quoted = Object.entries(plan).map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`);
    await write('plan', quoted.join(''));
  },
};

/** Returns the config, and the variables of the plan, which the launcher names and uses. */
const setUp = async (bindings: Bindings) => {
  const disk = createDisk(bindings.DISK);
  const absolute = (path: string) => (path.startsWith('/') ? path : `${bindings.FOLDER}/${path}`);
  const envFile = absolute(bindings.KEYSTORE_ENV || '.env');
  const { hasEnvFile, lookup, tls } = await openSettings(bindings, disk, envFile, absolute);
  const { dataFolder, port, trustedProxies, pinFile, ...listen } = settings.readSettings(lookup);
  const { folder, file, marker } = vaultPaths(absolute(dataFolder));
  const isKnown = (await disk.size(marker)) !== undefined;
  const state = { file, size: await disk.size(file), isKnown };
  await checkFolder(disk, folder, state);

  if (!holdsVault(state)) checkMayBegin(lookup, folder);
  const there = { envFile, hasEnvFile, dataFolder: folder, holdsVault: holdsVault(state) };
  const newKeys = settings.needsKeys(lookup, there) ? newEnvFile() : '';
  const controlToken = newToken();
  const newPassword = await createDisk(bindings.RUN).read('/new-password');
  // Only the launcher talks to a vault that resets a password.
  const hosts = newPassword !== undefined ? [] : listen.hosts.slice(0, port !== 0 && bindings.HAS_IPV6 ? 2 : 1);
  return {
    config: vaultConfig({
      texts: {
        // The launcher fills it in for a runtime that it starts again.
        REQUIRE_SEALS: '',
        ...settings.readWorkerVariables(lookup),
        ...parseEnvFile(newKeys, envFile),
        TRUSTED_PROXIES: trustedProxies,
        KEYSTORE_PUBLISHED: lookup('KEYSTORE_PUBLISHED') ?? '',
        DATA_FOLDER: folder,
        KNOWN_VAULT: isKnown ? 'yes' : '',
        HOSTS: hosts.join(' '),
        HAS_TLS: tls === undefined ? '' : 'yes',
        MAX_OPEN_CONNECTIONS: String(maxOpenConnections(Number(bindings.MAX_FILES), hosts.length + 1)),
        CONTROL_TOKEN: controlToken,
        ...(newPassword !== undefined && { NEW_PASSWORD: newPassword }),
      },
      addresses: hosts.map((host) => `${host.includes(':') ? `[${host}]` : host}:${port}`),
      tls,
      pinFile: await checkedPinFile(disk, pinFile && absolute(pinFile)),
    }),
    data: folder,
    min_free: String(listen.minFreeMegabytes),
    database: file,
    port: String(port),
    sockets: String(hosts.length + 1),
    control_token: controlToken,
    host: hosts[0] ?? '',
    env_file: envFile,
    new_keys: newKeys,
    keys_made: sentences.keysMade(envFile),
    env_file_unwritable: sentences.envFileUnwritable(envFile),
    remember_seals: lookup('REQUIRE_SEALS') === undefined ? requireSealsLines : '',
    has_env_file: hasEnvFile || newKeys !== '' ? 'yes' : '',
    seals_remembered: sentences.sealsRemembered(envFile),
    seals_not_remembered: sentences.sealsNotRemembered(hasEnvFile || newKeys !== '' ? envFile : undefined),
    marker: isKnown ? '' : marker,
    marker_text: markerText(new Date()),
    folder_unusable: sentences.folderUnusable(folder),
    in_use: sentences.folderInUse(folder, 'another process'),
    port_taken: sentences.portTaken(port, './keystore'),
  };
};

const newToken = () => [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(36)).join('');

/** Reads the env file, and in advance all files that settings name, since a lookup does not wait. */
const openSettings = async (bindings: Bindings, disk: Disk, envFile: string, absolute: (path: string) => string) => {
  const unreadable = settings.unreadable(`The env file ${envFile}`);
  if (bindings.ENV_FILE_HIDDEN) throw unreadable;
  // The runtime reads no devices.
  const text = envFile === '/dev/null' ? '' : await disk.read(envFile).catch(() => Promise.reject(unreadable));
  const sources = [bindings as unknown as settings.Variables, parseEnvFile(text ?? '', envFile)];
  const files = new Map<string, string | undefined>();
  const preload = async (path: string | undefined | null) => {
    if (path) files.set(path, await disk.read(absolute(path)).catch(() => undefined));
  };
  const readText = (path: string): string => {
    const read = files.get(path);
    if (read === undefined) throw new Error(`${path} is not readable`);
    return read;
  };
  for (const source of sources) for (const name of settings.settingNames) await preload(source[`${name}_FILE`]);
  const lookup = settings.createLookup(sources, readText);
  for (const name of ['TLS_CERT', 'TLS_KEY']) await preload(lookup(name));
  return { hasEnvFile: text !== undefined, lookup, tls: settings.readTls(lookup, readText) };
};

/** @throws OperatorError unless a vault may start on the files of the folder. */
/** The runtime does not start with a folder that is not there. What it finds there is a folder if it is neither missing nor a file. */
const checkedPinFile = async (disk: Disk, file: string | null): Promise<string | null> => {
  if (file === null) return null;
  const folder = file.slice(0, file.lastIndexOf('/'));
  const isFolder = await disk.size(folder || '/').then(
    () => false,
    () => true,
  );
  if (!isFolder) throw new OperatorError(sentences.pinFolderMissing(folder));
  return file;
};

const checkFolder = async (disk: Disk, folder: string, state: DatabaseState): Promise<void> => {
  const old = `${folder}/${otherFiles.oldDatabase}`;
  if (!holdsVault(state) && ((await disk.size(old)) ?? 0) > 0) {
    throw new OperatorError(
      `${old} is a database of v0.6, which must be moved in once: by npm start, HelperScripts/build-and-run.sh or HelperScripts/restore-data.sh FILE.`,
    );
  }
  if ((await disk.size(`${folder}/${otherFiles.restoreCommit}`)) !== undefined) {
    throw new OperatorError('A restore was interrupted. Complete it: HelperScripts/restore-data.sh --finish');
  }
  checkNotLost(state);
  if (await hasLogOfAnother(disk, state.file)) throw replacedDatabase(state.file);
  if (state.size && (await isForeign(disk, state))) {
    throw unusableDatabase(state.file, 'is not that of a vault, or is damaged');
  }
};

/** Whether the log beside the database cannot be its own. `npm start` finds more such cases, by times that are not known here. */
const hasLogOfAnother = async (disk: Disk, file: string): Promise<boolean> => {
  const header = await disk.bytes(file, databaseHeaderBytes);
  if (header === undefined || !isWithoutLog(header)) return false;
  return readLog((await disk.bytes(`${file}-wal`)) ?? new Uint8Array()) !== undefined;
};

/**
 * Whether a file is no database of a vault. Decided by its bytes, because the runtime sets the journal mode of a database when
 * it opens it, which would change a foreign one. SQLite keeps the text of all CREATE statements as it is.
 */
const isForeign = async (disk: Disk, { file, isKnown }: DatabaseState): Promise<boolean> => {
  let hasOtherTables = isKnown;
  const isVault = (text: string) => {
    hasOtherTables ||= /CREATE (?:VIRTUAL )?TABLE (?!["'`[]?_cf_).{5}/s.test(text);
    return text.includes('d1_migrations');
  };
  return !((await disk.find(file, isVault)) || (await disk.find(`${file}-wal`, isVault))) && hasOtherTables;
};
