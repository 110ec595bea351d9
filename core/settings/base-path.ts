/** BASE_PATH: the vault under a sub-path of a host, such as https://tools.example.com/vault/. */
import { maxBasePathCharacters } from '../limits.ts';
import { OperatorError } from '../operator-error.ts';

/** The first segments of the vault's own paths. A base path that begins with one could not be told from them. */
const ownPaths = ['assets', 'auth', 'cdn-cgi', 'health', 'key', 'keys', 'logs', 'users'];

/**
 * Reads BASE_PATH.
 *
 * @returns the path without a slash at its end; '' for the root of the host.
 * @throws OperatorError if it is no path, or one that the vault has itself.
 */
export function parseBasePath(text = ''): string {
  const path = text.trim().replace(/\/$/, '');
  if (path === '') return '';
  const segments = path.split('/').slice(1);
  const isPath = path.startsWith('/') && segments.every((segment) => /^(?!\.{1,2}$)[\w.~-]+$/.test(segment));
  if (!isPath || path.length > maxBasePathCharacters) {
    throw new OperatorError(
      'BASE_PATH must be a path such as /vault: a slash, then letters, digits, "-", "_", "." and "~". Leave it out for the root of the host.',
    );
  }
  if (ownPaths.includes(segments[0] as string) || segments[0]?.startsWith('__')) {
    throw new OperatorError(
      `BASE_PATH must not begin with /${segments[0]}, which is a path of the vault itself. Choose another, such as /vault.`,
    );
  }
  return path;
}
