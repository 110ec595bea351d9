/** Docker's side of a credential helper: https://github.com/docker/docker-credential-helpers#development */

import { usageFailure } from '../terminal/failure.ts';
import type { Vault } from '../vault/client.ts';
import { listKeys } from '../vault/keys.ts';
import { folderOf, readCredential, removeCredential, usernameOf, writeCredential } from './credential.ts';

/** Docker knows this text, and goes on without a credential. */
const notFound = 'credentials not found in native keychain';

interface Answer {
  text: string;
  exitCode: number;
}

/** The answer to docker. The question is JSON for `store`, and the address of a registry otherwise. */
export async function answerDocker(action: string, question: string, vault: Vault, place: string): Promise<Answer> {
  const folder = folderOf(place);
  const done = { text: '', exitCode: 0 };
  if (action === 'list') return { ...done, text: JSON.stringify(await list(vault, folder)) };
  if (action === 'store') {
    const { url, username, password } = stored(question);
    await writeCredential(vault, folder + nameOf(url), { username, password });
    return done;
  }
  const url = question.trim();
  const name = folder + nameOf(url);
  if (action === 'erase') {
    await removeCredential(vault, name);
    return done;
  }
  const found = await readCredential(vault, name);
  if (found === undefined) return { text: notFound, exitCode: 1 };
  return { ...done, text: JSON.stringify({ ServerURL: url, Username: found.username ?? '', Secret: found.password }) };
}

/** The part of a key's name that stands for a registry: its address without the scheme and slashes at its end. */
function nameOf(url: string): string {
  const name = url.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  if (name === '') throw usageFailure('Docker has not said which registry it asks for.');
  return name;
}

/** By the addresses of registries. User names are labels, so no value is read. */
async function list(vault: Vault, folder: string): Promise<Record<string, string>> {
  const keys = await listKeys(vault, { prefix: folder });
  // Docker compares addresses as it stored them, and Docker Hub's has a scheme.
  const address = (name: string) => (name.startsWith('index.docker.io/') ? `https://${name}/` : name);
  return Object.fromEntries(
    keys.map(({ key_name: name, labels }) => [address(name.slice(folder.length)), usernameOf(labels) ?? '']),
  );
}

function stored(question: string): { url: string; username: string; password: string } {
  try {
    const { ServerURL: url, Username: username, Secret: password } = JSON.parse(question) as Record<string, unknown>;
    if (typeof url === 'string' && typeof username === 'string' && typeof password === 'string') {
      return { url, username, password };
    }
  } catch {
    // Said below.
  }
  throw usageFailure('Docker has not given a credential: ServerURL, Username and Secret as JSON.');
}
