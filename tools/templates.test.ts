import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { templateErrors } from './templates.ts';

const root = resolve(import.meta.dirname, '..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-planted-'));
  cpSync(join(root, 'ui'), join(folder, 'ui'), { recursive: true });
  // What the UI shares with other rooms, and what these import.
  for (const each of ['core', 'worker', 'node_modules']) symlinkSync(join(root, each), join(folder, each));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Replaces a part of a source, and returns the line that it is on, as errors name it. */
function plant(name: string, from: string, to: string): string {
  const file = join(folder, 'ui', name);
  const source = readFileSync(file, 'utf8');
  const at = source.indexOf(from);
  expect(at, `${from} in ${name}`).toBeGreaterThan(0);
  writeFileSync(file, source.slice(0, at) + to + source.slice(at + from.length));
  return `ui/${name}:${source.slice(0, at).split('\n').length}: error`;
}

function errors(): string[] {
  return templateErrors(join(folder, 'ui'));
}

test('finds no error in the templates as they are', () => {
  expect(errors()).toEqual([]);
});

test('finds each mistake in a template, with its file and line, and nothing else', () => {
  // Each file has one mistake, so that the compiler has to run only once.
  const planted = [
    ['a misspelt prop', 'users/page.ts', ' me=', ' mee=', "'mee'"],
    ['a misspelt optional prop', 'keys/details.ts', ' hint=', ' hnit=', "'hnit'"],
    ['a misspelt prop with holes in its text', 'keys/row.ts', ' label="Edit', ' lable="Edit', "'lable'"],
    ['a missing prop', 'logs/page.ts', ' label="Refresh"', '', "'label' is missing"],
    ['a prop of the wrong type', 'keys/page.ts', 'kind="primary"', 'kind="main"', `'"main"' is not assignable`],
    ['missing children', 'account/page.ts', '>Sign out<//>', ' />', "'children' is missing"],
    ['unexpected children', 'parts/shortcuts.ts', 'ShortcutTable} />', 'ShortcutTable}>a<//>', '{ children: string; }'],
    ['a misspelt attribute of a tag', 'parts/time.ts', ' datetime=', ' datetme=', "'datetme'"],
    ['an unknown tag', 'parts/palette.ts', '<kbd>Esc</kbd>', '<kdb>Esc</kdb>', "'kdb'"],
  ] as const;
  const expected = planted.map(([mistake, name, from, to, message]) => ({
    mistake,
    at: plant(name, from, to),
    message,
  }));
  const found = errors();
  for (const { mistake, at, message } of expected) {
    expect(found.filter((error) => error.startsWith(at) && error.includes(message)).length, mistake).toBeGreaterThan(0);
  }
  const places = found.map((error) => error.replace(/error[\s\S]*/, 'error'));
  expect(new Set(places)).toEqual(new Set(expected.map(({ at }) => at)));
});

test('finds a tag that another tag closes, with its file and line', () => {
  const at = plant('parts/form-dialog.ts', '</form>', '</div>');
  expect(errors()[0]).toContain(at);
});
