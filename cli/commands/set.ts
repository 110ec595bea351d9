/** `keystore set`: stores a value under a name, new or not. */

import { defaultGeneratedCharacters, maxGeneratedCharacters, maxRotationDays } from '../../core/limits.ts';
import { usageFailure } from '../terminal/failure.ts';
import { ask, canAsk, readGiven, readInput, textOf } from '../terminal/input.ts';
import { note, say, sayJson } from '../terminal/output.ts';
import { openVault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

export async function run(given: Given): Promise<undefined> {
  const vault = openVault();
  const name = given.argument(0);
  // Before somebody types a value in vain.
  vault.checkToken();
  const fields = fieldsOf(given);
  const value = await givenValue(given, name);
  const body = { api_key: value, ...fields };
  const { status } = given.has('new')
    ? { status: 404 }
    : await vault.ask('PUT', '/key', { query: { key_name: name }, body, accept: [404] });
  const isNew = status === 404;
  if (isNew) await vault.change('/keys', { body: { key_name: name, ...body } });
  if (given.json) sayJson({ key_name: name, state: isNew ? 'added' : 'changed' });
  else say(isNew ? `Added ${name}.` : `Changed ${name}.`);
}

/** The value, from where the options say. */
async function givenValue(given: Given, name: string): Promise<string> {
  const file = given.text('file');
  if (given.has('generate')) {
    if (file !== undefined) throw usageFailure('Use either --generate or --file.');
    return generate(given.number('length', 8, maxGeneratedCharacters) ?? defaultGeneratedCharacters);
  }
  if (given.text('length') !== undefined) throw usageFailure('--length needs --generate.');
  const value = file === undefined ? await typedValue(given.has('exact'), name) : textOf(await readGiven(file), file);
  if (value === '') throw usageFailure('The value is empty. Nothing was stored.');
  return value;
}

async function typedValue(isExact: boolean, name: string): Promise<string> {
  if (process.stdin.isTTY) {
    if (!canAsk())
      throw usageFailure('There is no terminal to ask on. Give the value on standard input, or with --file.');
    return ask(`Value of ${name} (one line; it is not shown): `, { isHidden: true });
  }
  const text = textOf(await readInput(), 'Standard input');
  const [line, end] = /^([^\r\n]*)(\r?\n)$/.exec(text)?.slice(1) ?? [];
  if (isExact || line === undefined || end === undefined) return text;
  note('The line end behind the value was left out. --exact keeps it.');
  return line;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** So many letters and digits, each of the 62 as likely as the others: 32 of them have 190 bits. */
function generate(length: number): string {
  let text = '';
  while (text.length < length) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    // 248 is four times 62: of the numbers from there on, some letters would get more than others.
    if (byte < 248) text += alphabet[byte % 62];
  }
  return text;
}

/** The fields of `POST /keys` and `PUT /keys/{key_name}` that the options name. */
function fieldsOf(given: Given): Record<string, unknown> {
  const labels = given.list('label').map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw usageFailure(`--label ${text} lacks a part: write it as NAME=VALUE.`);
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  const fields = {
    description: given.text('description'),
    expires_at: given.text('expires'),
    rotate_every_days: given.number('rotate-every', 1, maxRotationDays),
    labels: labels.length === 0 ? undefined : Object.fromEntries(labels),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
