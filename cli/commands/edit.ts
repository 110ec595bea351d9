/** `keystore edit`: a value in the user's editor. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { makePrivateFolder } from '../run/private-folder.ts';
import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { textOf } from '../terminal/input.ts';
import { say, sayJson } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import { readKey } from '../vault/keys.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const name = given.argument(0);
  const { body: key, headers } = await readKey(vault, name);
  const edited = editText(key.api_key, given.text('files-in'));
  const isChanged = edited !== key.api_key;
  if (edited === '') throw usageFailure('The value is empty. Nothing was changed.');
  if (isChanged) {
    await vault.ask('PUT', '/key', {
      query: { key_name: name },
      body: { api_key: edited },
      headers: { 'If-Match': headers.etag ?? '*' },
    });
  }
  if (given.json) sayJson({ key_name: name, state: isChanged ? 'changed' : 'same' });
  else say(isChanged ? `Changed ${name}.` : `${name} stays as it is.`);
}

/** The text as the editor leaves it. */
function editText(text: string, filesIn: string | undefined): string {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  const folder = makePrivateFolder(filesIn);
  // Ctrl-C is for the editor. This process goes on, so that it can remove the file.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    const path = folder.write('value', text);
    // Git runs editors like this, so that EDITOR may hold options.
    const { status, error } = spawnSync('/bin/sh', ['-c', `${editor} "$@"`, editor, path], { stdio: 'inherit' });
    if (error || status !== 0) {
      throw new Failure(`The editor ${editor} has failed. Nothing was changed.`, exitCodes.failed);
    }
    const edited = textOf(readFileSync(path), 'What the editor has written');
    // Most editors end the last line, also where there was no line end.
    return !text.endsWith('\n') && edited === `${edited.replace(/\n$/, '')}\n` ? edited.slice(0, -1) : edited;
  } finally {
    folder.remove();
    process.off('SIGINT', ignore);
  }
}
