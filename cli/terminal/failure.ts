/** How a command fails: a message for a person, and an exit code for a program. docs/CLI.md lists the codes. */

export const exitCodes = {
  /** The vault refused the request, or something else went wrong. */
  failed: 1,
  /** The command line or the configuration makes no sense; nothing was asked of the vault. */
  usage: 2,
  unauthenticated: 3,
  forbidden: 4,
  notFound: 5,
  /** The name is taken, or somebody else has changed the key meanwhile. */
  conflict: 6,
  /** The vault cannot be reached, or cannot serve. */
  unreachable: 7,
} as const;

/** `keystore run` itself failed, and its command has not run: as `env`, `timeout` and `docker run` have it. */
export const runFailed = 125;
export const cannotExecute = 126;
export const commandNotFound = 127;

/** An error whose message says what is wrong and what to do. It holds no value and no token. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;
  /** Of the answer, if the vault gave one. */
  readonly status: number | undefined;

  constructor(message: string, exitCode: number = exitCodes.failed, status?: number) {
    super(message);
    this.exitCode = exitCode;
    this.status = status;
  }
}

export function usageFailure(message: string): Failure {
  return new Failure(message, exitCodes.usage);
}

/** The code of an error of Node.js or of the system, such as ENOENT. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
