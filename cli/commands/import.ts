/** `keystore import`: the keys of a file, all of them or none. */

import { readImport } from '../../core/import/read.ts';
import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import { agrees, canAsk, readGiven, textOf } from '../terminal/input.ts';
import { coloured, printable, say, sayJson, sayTable } from '../terminal/output.ts';
import { openVault, type Vault } from '../vault/client.ts';
import type { Given } from './arguments.ts';

interface Result {
  applied: boolean;
  error?: string;
  entries: { key_name: string; state: string; reason?: string }[];
}

type File = Awaited<ReturnType<typeof readImport>>;

export async function run(given: Given): Promise<undefined> {
  const path = given.argument(0);
  const file = await readImport(textOf(await readGiven(path), path === '-' ? 'Standard input' : path));
  if (file.entries.length === 0) throw usageFailure(`${path} holds nothing to import.${skippedText(file)}`);
  const vault = openVault();
  const body = {
    prefix: folderOf(given.text('to') ?? ''),
    on_conflict: given.text('on-conflict') ?? 'fail',
    entries: file.entries.map(({ name, value, description }) => ({
      key_name: name,
      api_key: value,
      ...(description === '' ? {} : { description }),
    })),
  };
  const preview = (await vault.ask<Result>('POST', '/keys/import', { body: { ...body, dry_run: true } })).body;
  if (!given.json) sayPreview(preview, file, body.prefix);
  checkPreview(preview, body.on_conflict, given.json ? preview : undefined);
  if (given.has('dry-run')) {
    if (given.json) sayJson({ ...preview, skipped: file.skipped });
    return;
  }
  const isNothingNew = preview.entries.every(({ state }) => state === 'same' || state === 'conflict');
  if (!isNothingNew) await confirm(given, body.entries.length);
  const done = await apply(vault, body);
  if (given.json) sayJson({ ...done, skipped: file.skipped });
  else say(summary(done));
}

async function confirm(given: Given, count: number): Promise<void> {
  if (given.has('yes')) return;
  if (given.json || !canAsk()) throw usageFailure('Nothing was stored. To import without being asked, add --yes.');
  if (!(await agrees(`Import these ${count} entries?`))) throw new Failure('Nothing was stored.');
}

/** The real thing. The vault decides anew, on what is true now. */
async function apply(vault: Vault, body: unknown): Promise<Result> {
  const { status, body: result } = await vault.change<Result>('/keys/import', { body, accept: [400, 409] });
  if (status < 400) return result;
  throw new Failure(
    `${result.error ?? 'The vault refused the import.'} Nothing was stored.`,
    exitCodes.conflict,
    status,
  );
}

function folderOf(place: string): string {
  return place === '' || place.endsWith('/') ? place : `${place}/`;
}

const colours: Record<string, Parameters<typeof coloured>[0]> = {
  new: 'green',
  changed: 'yellow',
  same: 'dim',
  conflict: 'red',
  invalid: 'red',
};

function sayPreview({ entries }: Result, { skipped }: File, prefix: string): void {
  sayTable(
    ['STATE', 'NAME', 'WHY'],
    [
      ...entries.map(({ key_name: name, state, reason }) => [state, prefix + name, reason ?? '']),
      ...skipped.map(({ where, name, reason }) => ['left out', name || where, reason]),
    ],
  );
}

/** @throws Failure if the vault would refuse the import. */
function checkPreview({ entries }: Result, onConflict: string, shown: Result | undefined): void {
  const count = (wanted: string) => entries.filter(({ state }) => state === wanted).length;
  const [invalid, conflicts] = [count('invalid'), onConflict === 'skip' ? 0 : count('conflict')];
  if (invalid + conflicts === 0) return;
  if (shown) sayJson(shown);
  const parts = [
    ...(invalid > 0 ? [`entries that make no valid key: ${invalid}`] : []),
    ...(conflicts > 0 ? [`keys that have another value: ${conflicts} (--on-conflict skip or update)`] : []),
  ];
  throw new Failure(`Nothing was stored. There are ${parts.join(', and ')}.`, exitCodes.conflict);
}

function summary({ entries }: Result): string {
  const count = (wanted: string) => entries.filter(({ state }) => state === wanted).length;
  const parts = ['new', 'changed', 'same', 'conflict']
    .filter((state) => count(state) > 0)
    .map((state) => coloured(colours[state] ?? 'dim', `${count(state)} ${state === 'conflict' ? 'skipped' : state}`));
  return `Imported: ${parts.join(', ')}.`;
}

function skippedText({ skipped }: File): string {
  const [first] = skipped;
  return first === undefined ? '' : ` ${printable(first.name || first.where)}: ${first.reason}`;
}
