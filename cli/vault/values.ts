/** Reads values: one folder or key after another, from the vault or, where that is allowed, from encrypted copies. */

import {
  defaultCopyAgeMs,
  maxConnectBeforeCopyMs,
  maxSilenceBeforeCopyMs,
  secretsPerExportRead,
} from '../../core/limits.ts';
import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { note } from '../terminal/output.ts';
import { openVault, Unreachable, type Vault } from './client.ts';
import { listKeys } from './keys.ts';

/** What was read for one argument: the values below a folder, or the one of a key. */
export interface Layer {
  /** With a slash at its end, or empty for all names: what of the names is left out where they are shortened. */
  folder: string;
  /** By their full names. */
  values: Record<string, string>;
}

/** Whether copies may take the vault's place, and how old they may be. */
export interface Offline {
  maxAgeMs: number;
}

interface Values {
  values: Record<string, string>;
  missing: string[];
}

/** A vault for reading, which is waited for less long if copies may take its place. */
export function openForReading(offline: Offline | undefined): Vault {
  return openVault(offline && { connectMs: maxConnectBeforeCopyMs, silenceMs: maxSilenceBeforeCopyMs });
}

/** Reads a folder or a key for each argument. */
export async function readLayers(vault: Vault, places: readonly string[], offline?: Offline): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const place of places)
    layers.push(await withCopies(vault, `values ${place}`, offline, () => readLayer(vault, place)));
  return layers;
}

/** Reads the values below a folder; if there are none, the value of the key of that name. */
async function readLayer(vault: Vault, place: string): Promise<Layer> {
  const name = place.replace(/\/+$/, '');
  if (name === '') throw usageFailure('Name a folder or a key, such as shop/prod.');
  const values = await readFolder(vault, `${name}/`);
  if (Object.keys(values).length > 0) return { folder: `${name}/`, values };
  const single = place.endsWith('/') ? undefined : await readNames(vault, [name]);
  if (single === undefined || single.missing.length > 0) {
    throw new Failure(`There is no folder and no key ${name} that you may read. See: keystore ls`, exitCodes.notFound);
  }
  return { folder: name.slice(0, name.lastIndexOf('/') + 1), values: single.values };
}

/** At once; if that is more than a request may read, in parts. */
async function readFolder(vault: Vault, prefix: string): Promise<Record<string, string>> {
  const { status, body } = await vault.ask<Values & { error?: string }>('POST', '/keys/values', {
    body: { prefix },
    accept: [400],
  });
  if (status < 400) return body.values;
  const names = (await listKeys(vault, { prefix })).map((key) => key.key_name);
  if (names.length === 0) throw new Failure(body.error ?? 'The vault refused the request.', exitCodes.failed, status);
  const all: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let first = 0; first < names.length; first += secretsPerExportRead) {
    const part = await readNames(vault, names.slice(first, first + secretsPerExportRead));
    const [gone] = part.missing;
    if (gone !== undefined) throw new Failure(`${gone} went while the keys were read. Try again.`, exitCodes.conflict);
    Object.assign(all, part.values);
  }
  return all;
}

/** The values of these names, at once. */
export async function readNames(vault: Vault, names: readonly string[]): Promise<Values> {
  return (await vault.ask<Values>('POST', '/keys/values', { body: { names } })).body;
}

/**
 * Asks the vault. With `offline`, keeps an encrypted copy of the answer, and returns that copy if the vault cannot be reached.
 * A vault that answers is always believed: if it refuses the token or what it asks for, all copies of the token go.
 */
export async function withCopies<Content>(
  vault: Vault,
  what: string,
  offline: Offline | undefined,
  read: () => Promise<Content>,
): Promise<Content> {
  if (!offline) return read();
  const { Copies } = await import('./copies.ts');
  const copies = new Copies(vault.url, vault.token);
  try {
    const content = await read();
    await copies.save(what, content).catch((error: Error) => note(`No copy could be kept: ${error.message}`));
    return content;
  } catch (error) {
    const refusals: number[] = [exitCodes.unauthenticated, exitCodes.forbidden, exitCodes.notFound];
    if (error instanceof Failure && refusals.includes(error.exitCode)) await copies.forget();
    if (!(error instanceof Unreachable)) throw error;
    const copy = await copies.load<Content>(what, offline.maxAgeMs);
    if (typeof copy === 'string') throw new Unreachable(`${error.message} And ${copy}.`);
    note(`${error.message} Using the copy of ${new Date(copy.savedAtMs).toISOString()}.`);
    return copy.content;
  }
}

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What --offline and --max-age say. */
export function offlineOf(isOffline: boolean, maxAge: string | undefined): Offline | undefined {
  if (!isOffline) {
    if (maxAge !== undefined) throw usageFailure('--max-age says how old a copy may be. It needs --offline.');
    return undefined;
  }
  if (maxAge === undefined) return { maxAgeMs: defaultCopyAgeMs };
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(maxAge) ?? [];
  if (count === undefined) throw usageFailure('--max-age takes a number with s, m, h or d, such as 12h.');
  return { maxAgeMs: Number(count) * (units[unit] ?? 0) };
}
