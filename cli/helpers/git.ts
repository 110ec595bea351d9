/** Git's side of a credential helper: https://git-scm.com/docs/git-credential#IOFMT and gitcredentials(7). */

import { usageFailure } from '../terminal/failure.ts';
import type { Vault } from '../vault/client.ts';
import { folderOf, readCredential, removeCredential, writeCredential } from './credential.ts';

interface GitOptions {
  folder: string;
  /** The key, whatever git asks for. */
  name: string | undefined;
  username: string | undefined;
  isWriting: boolean;
}

/** What forges take as a user name beside a token. */
const anyUser = 'x-access-token';

/** The answer to git, as lines of `name=value`; empty if there is no credential, so that git asks somebody else. */
export async function answerGit(
  action: string,
  question: string,
  open: () => Vault,
  options: GitOptions,
): Promise<string> {
  const asked = parse(question);
  const name = options.name ?? nameOf(asked, options.folder);
  if (name === undefined) return '';
  if (action === 'get') return get(await readCredential(open(), name), asked, options);
  // Git stores what it was given after each use, and erases what a server refused once: a key of a team is not to change by that.
  if (!options.isWriting || asked.password === undefined) return '';
  if (action === 'store') await writeCredential(open(), name, { username: asked.username, password: asked.password });
  if (action === 'erase') {
    const vault = open();
    // Only the password that was refused: somebody may have stored a better one by now.
    if ((await readCredential(vault, name))?.password === asked.password) await removeCredential(vault, name);
  }
  return '';
}

function get(found: Awaited<ReturnType<typeof readCredential>>, asked: Asked, options: GitOptions): string {
  if (found === undefined) return '';
  if (found.username !== undefined && asked.username !== undefined && found.username !== asked.username) return '';
  const username = asked.username ?? found.username ?? options.username ?? anyUser;
  // A line end or NUL in a value would end it, and begin another one (CVE-2020-5260).
  if (/[\n\r\0]/.test(username + found.password)) {
    throw usageFailure('The key for git holds a line end. Store the password alone: keystore set');
  }
  return `username=${username}\npassword=${found.password}\n`;
}

type Asked = Partial<Record<'protocol' | 'host' | 'path' | 'username' | 'password', string>>;

function parse(question: string): Asked {
  const lines = question
    .split('\n')
    .map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)] as const);
  return Object.fromEntries(lines.filter(([name]) => name !== '')) as Asked;
}

/** The key of a host. Passwords go to https only, as others could read them. */
function nameOf({ protocol, host }: Asked, folder: string): string | undefined {
  const isSafe =
    protocol === 'https' || (protocol === 'http' && /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/.test(host ?? ''));
  return isSafe && host !== undefined && host !== '' ? folderOf(folder) + host : undefined;
}
