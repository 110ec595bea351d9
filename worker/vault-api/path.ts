/**
 * Paths of this face: `/v1/secret/data/shop/prod` is about `shop/prod`, which is the name of a key, or what the names in a folder begin
 * with. A path is decoded once, as a whole: so `%2f` is a slash, as it is to Vault, and nothing is decoded twice. What is then no plain
 * path is refused instead of being tidied up, so that no two spellings mean the same name.
 */
import { hasAtMostBytes } from '../../core/accounts/password-policy.ts';
import { maxNameBytes } from '../../core/limits.ts';
import { trimmed } from '../../core/text.ts';
import { attemptedText } from '../http/input.ts';

export type Path = { path: string } | { problem: string; target: string };

const problemOf = (path: string): string | null => {
  if (!path.isWellFormed()) return 'The path is not valid UTF-8.';
  if (path.endsWith('/')) return 'The path must not end in "/": name a key or a folder.';
  if (path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'No part of the path between slashes may be empty, "." or "..".';
  if (trimmed(path) !== path) return 'The path must not have white space around it.';
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(path)) return 'The path must not contain control characters.';
  return hasAtMostBytes(path, maxNameBytes) ? null : `The path must be at most ${maxNameBytes} bytes long.`;
};

/** @param raw what follows the prefix of the route, as it is in the URL. */
export const pathOf = (raw: string): Path => {
  const path = decoded(raw);
  if (path === '') return { problem: 'The path is missing: name a key or a folder.', target: '' };
  const problem = problemOf(path);
  return problem === null ? { path } : { problem, target: attemptedText(path) };
};

/** The path of a list: it may be empty, and may end in a slash. */
export const folderOf = (raw: string): Path => {
  const path = decoded(raw);
  return path === '' ? { path } : pathOf(raw.replace(/(?:\/|%2f)$/i, ''));
};

/** What cannot be decoded becomes a lone surrogate, which no path may contain. */
const decoded = (raw: string): string => {
  try {
    return decodeURIComponent(raw);
  } catch {
    return '\ud800';
  }
};
