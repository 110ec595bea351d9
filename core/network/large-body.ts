/**
 * Imports may have larger bodies than all other requests. Before a server takes one, it asks the worker about the credential, with
 * the head of the request alone: otherwise anybody could make it hold so much.
 */
import { type HttpLimits, maxImportBytes } from '../limits.ts';
import type { ErrorAnswer } from './error-answers.ts';

/** Marks the head that is asked about. The worker answers `mayFollow`, or what the whole request would get. */
export const askHeader = 'X-Keystore-Ask';
export const mayFollow = 204;

/** What the body of a request may have. @param path normalised. */
export function maxBodyBytesOf(method: string, path: string, limits: HttpLimits): number {
  const isImport = method === 'POST' && /\/keys\/import(?:\?|$)/.test(path);
  return isImport ? Math.max(maxImportBytes, limits.maxBodyBytes) : limits.maxBodyBytes;
}

interface Announced {
  contentLength: string | null;
  transferEncoding: string | null;
}

/** Whether a body may be larger than those of other requests, so that the worker must be asked first. */
export function mayBeLarge(
  { contentLength, transferEncoding }: Announced,
  maxBytes: number,
  { maxBodyBytes }: HttpLimits,
): boolean {
  return maxBytes > maxBodyBytes && (transferEncoding !== null || Number(contentLength ?? 0) > maxBodyBytes);
}

/** The worker's answer to the head as one that is sent in its place; undefined if the body may follow. */
export function refusalOfHead(
  status: number,
  body: string,
  header: (name: string) => string | null | undefined,
): ErrorAnswer | undefined {
  if (status === mayFollow) return undefined;
  const kept = ['WWW-Authenticate', 'Retry-After'].flatMap((name) => {
    const value = header(name);
    return value ? [[name, value] as const] : [];
  });
  return { status, error: errorIn(body), headers: Object.fromEntries(kept) };
}

function errorIn(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string') return error;
  } catch {
    // Not from the vault itself.
  }
  return 'The vault did not accept this request. Try again.';
}
