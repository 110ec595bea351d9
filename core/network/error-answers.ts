/** Answers that a caller gets instead of the worker's, the same from the gate and from the standalone server. */

/** A status, and a sentence that says what is wrong and what to do. */
export interface ErrorAnswer {
  readonly status: number;
  readonly error: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of every error answer. */
export const errorHeaders = {
  'Content-Type': 'application/json',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const;

export function errorBody({ error }: ErrorAnswer): string {
  return JSON.stringify({ error });
}

export function bodyTooLarge(maxBytes: number) {
  return { status: 413, error: `The request body is too large. Send at most ${formatBytes(maxBytes)}.` } as const;
}

export const tooSlow: ErrorAnswer = { status: 408, error: 'The request took too long to arrive. Send it again.' };

export const tooManyBodies: ErrorAnswer = {
  status: 503,
  error: 'Too many requests are arriving at once. Try again in a moment.',
  headers: { 'Retry-After': '1' },
};

export const notRunning: ErrorAnswer = {
  status: 503,
  error: 'The vault is starting or restarting. Try again in a moment.',
  headers: { 'Retry-After': '2' },
};

/** A whole number of MiB or KiB. */
export function formatBytes(bytes: number): string {
  const kibibytes = bytes / 1024;
  return kibibytes % 1024 === 0 ? `${kibibytes / 1024} MiB` : `${kibibytes} KiB`;
}
